"""Inputs that were deleted and made again: what was in the earlier topic has a name of its own, and its own offsets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Earlier:
    """An input as it was before it was deleted, when all of it was counted."""

    topic: str
    name: str
    """What its records are called in the verdict: two logs of one topic may have the same offsets."""
    topic_id: str
    """In hexadecimal, as position markers name the topic that they speak of."""
    ends: list[int]
    """Where the log of each partition ended, which is how far it was counted."""
    rejects: list[int]
    """Where the rejects of each partition ended: those of this log lie before, those of a later one behind."""


def logs(inputs: Iterable[str], earlier: Sequence[Earlier]) -> list[str]:
    """Return the names of all logs of the inputs, in the order in which they were there."""
    return [name for topic in inputs for name in (*(it.name for it in earlier if it.topic == topic), topic)]


def counted_in(earlier: Iterable[Earlier], topic: str, topic_id: bytes) -> str:
    """Return the name of the log that a position marker means by a topic of this id."""
    return next((it.name for it in earlier if it.topic == topic and it.topic_id == topic_id.hex()), topic)


def rejected_from(earlier: Iterable[Earlier], topic: str, partition: int, offset: int) -> str:
    """Return the name of the log that a reject is from, by its own place among the rejects."""
    return next((it.name for it in earlier if it.topic == topic and offset < it.rejects[partition]), topic)
