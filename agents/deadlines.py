"""Deadlines: which customers of a partition group are due, and when to look again, for any number of customers."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush

SPAN_MS = 1 << 22
MIN_ENTRIES = 1024


class Deadlines:
    """A timer queue of two levels: keys by the instant (ms since 1970) at which each is due.

    Deadlines of the far future wait unsorted in spans of 70 minutes, a few bytes each; those of a span that time has
    reached are in a heap. An entry that has become outdated is not searched for, but dropped when its turn comes:
    ``due_of`` returns the instant at which a key is due at present.
    """

    def __init__(self, due_of: Callable[[bytes], int | None]) -> None:
        self._due_of = due_of
        self._near: list[tuple[int, bytes]] = []
        self._far: dict[int, list[bytes]] = {}
        self._spans: list[int] = []
        self._opened = -1
        self.entries = 0
        """The number of entries, outdated ones included."""
        self._taken: list[tuple[int, bytes]] = []

    def first(self) -> int | None:
        """Return when to look again: at the earliest deadline, or at the beginning of the span it lies in."""
        # Keys that were taken and are not done count too: if their batch fails, there may be no other reason for the
        # next one.
        instants = [entries[0][0] for entries in (self._taken, self._near) if entries]
        instants += [self._spans[0] * SPAN_MS] if self._spans else []
        return min(instants, default=None)

    def add(self, due: int, key: bytes, keys: int) -> None:
        """Add the deadline of a key; ``keys`` is how many keys there are in all."""
        span = due // SPAN_MS
        if span <= self._opened:
            heappush(self._near, (due, key))
        elif span in self._far:
            self._far[span].append(key)
        else:
            self._far[span] = [key]
            heappush(self._spans, span)
        self.entries += 1
        if self.entries > 2 * keys + MIN_ENTRIES:
            self._compact()

    def take(self, upto: int, limit: int) -> list[bytes]:
        """Take up to ``limit`` of the keys that are due at ``upto``, each once, the earliest first."""
        while self._spans and self._spans[0] * SPAN_MS <= upto:
            self._open(heappop(self._spans))
        near = self._near
        keys: dict[bytes, None] = {}
        while near and near[0][0] <= upto and len(keys) < limit:
            due, key = heappop(near)
            self._taken.append((due, key))
            if self._due_of(key) == due:
                keys[key] = None
        return list(keys)

    def put_back(self) -> None:
        """Undo every ``take`` since ``done``: its batch failed."""
        for entry in self._taken:
            heappush(self._near, entry)
        self._taken = []

    def done(self) -> None:
        """Drop what was taken: its batch is committed."""
        self.entries -= len(self._taken)
        self._taken = []

    def _open(self, span: int) -> None:
        keys = self._far.pop(span)
        self._opened = max(self._opened, span)
        current = {(due, key) for key in keys if (due := self._due_of(key)) is not None and due // SPAN_MS == span}
        self.entries -= len(keys) - len(current)
        self._near += current
        heapify(self._near)

    def _compact(self) -> None:
        self._near = [entry for entry in set(self._near) if self._due_of(entry[1]) == entry[0]]
        heapify(self._near)
        for span, keys in self._far.items():
            self._far[span] = [key for key in dict.fromkeys(keys) if (self._due_of(key) or 0) // SPAN_MS == span]
        self.entries = len(self._near) + len(self._taken) + sum(map(len, self._far.values()))
