"""Positions: how far a reader has come in each partition of the topic, and the ids of events, which name them."""

from hashlib import blake2b

Position = tuple[int, ...]
"""By partition, the offset of the next record."""

_MARK_BYTES = 3
_BETWEEN = "."
_MAX_DIGITS = 19


class IdError(ValueError):
    """An id that names no position; the message says why. ``foreign``: it is of another topic."""


class Ids:
    """The ids of one topic: a mark of the topic, then the offset of the next record in each partition.

    A reader goes on at all of them: a single offset would say nothing of the other partitions.
    """

    def __init__(self, cluster: str, topic: str) -> None:
        self._mark = blake2b(f"{cluster} {topic}".encode(), digest_size=_MARK_BYTES).hexdigest()
        self._topic = topic

    def text(self, position: Position) -> str:
        """Return the id of a position."""
        return f"{self._mark}{_BETWEEN}{_BETWEEN.join(map(str, position))}"

    def position(self, text: str, partitions: int) -> Position:
        """Return the position that an id names; partitions that came later begin at 0. Raises ``IdError``."""
        mark, *offsets = text.strip().split(_BETWEEN)
        if not offsets or not all(it.isascii() and it.isdigit() and len(it) <= _MAX_DIGITS for it in offsets):
            raise IdError("it is no id of an event: send the last one that you received, as it is")
        if mark != self._mark or len(offsets) > partitions:
            raise IdError(f"it is of another topic than {self._topic}, or of another Kafka: begin anew without it")
        return (*map(int, offsets), *(0 for _ in range(partitions - len(offsets))))


def covers(further: Position, position: Position) -> bool:
    """Tell whether one position lies at or behind the other in every partition."""
    return all(there >= here for there, here in zip(further, position, strict=True))


def furthest(one: Position, other: Position) -> Position:
    """Return the greater offset of each partition."""
    return tuple(map(max, one, other))


def advanced(position: Position, partition: int, offset: int) -> Position:
    """Return a position with another offset in one partition."""
    return (*position[:partition], offset, *position[partition + 1 :])
