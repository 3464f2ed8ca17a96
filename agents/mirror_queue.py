"""MirrorQueue: which customers wait to be written to the mirror, each once, however often they change."""

from collections.abc import Iterable

from agents.batch import Outcome

MAX_ANNOUNCEMENTS = 10_000

Place = tuple[int, bytes]


class MirrorQueue:
    """Customers by partition and key. Those that changed come first, yet never quite stop those to be rewritten.

    Announcements (values of the transitions topic) wait with their customer; beyond ``MAX_ANNOUNCEMENTS`` in all
    they are dropped and counted in ``dropped``.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._changed: dict[Place, list[bytes]] = {}
        self._unwritten: dict[int, list[bytes]] = {}
        self._announcements = 0

    def __len__(self) -> int:
        return len(self._changed) + sum(map(len, self._unwritten.values()))

    def rewrite(self, partition: int, keys: Iterable[bytes]) -> None:
        """All customers of a partition wait, as they may be missing on the other side."""
        self._unwritten[partition] = list(keys)

    def leave(self, partition: int) -> None:
        """Nobody of a partition waits any more."""
        self._unwritten.pop(partition, None)
        for place in [place for place in self._changed if place[0] == partition]:
            self._announcements -= len(self._changed.pop(place))

    def add(self, partition: int, outcome: Outcome) -> None:
        """The customers that an outcome changed wait, and what it announces waits with them."""
        changed = self._changed
        for key in outcome.changes:
            changed.setdefault((partition, key), [])
        for key, value, _ in outcome.transitions:
            if self._announcements >= MAX_ANNOUNCEMENTS:
                self.dropped += 1
                continue
            changed.setdefault((partition, key), []).append(value)
            self._announcements += 1

    def take(self, most: int) -> dict[Place, list[bytes]]:
        """Up to ``most`` customers and what is to be announced of each; they wait no more."""
        taken: dict[Place, list[bytes]] = {}
        kept_free = most // 4 if any(self._unwritten.values()) else 0
        while self._changed and len(taken) < most - kept_free:
            place = next(iter(self._changed))
            taken[place] = self._changed.pop(place)
            self._announcements -= len(taken[place])
        for partition, keys in self._unwritten.items():
            while keys and len(taken) < most:
                taken.setdefault((partition, keys.pop()), [])
        return taken

    def put_back(self, partition: int, key: bytes, announcements: list[bytes]) -> None:
        """A customer that was taken waits again, for it was not written."""
        later = self._changed.get((partition, key), [])
        self._changed[partition, key] = announcements + later
        self._announcements += len(announcements)
