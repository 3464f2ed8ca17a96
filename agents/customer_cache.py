"""The customer cache: the customers decided most recently, kept decoded for their next events."""

import weakref
from collections import OrderedDict

from state.timeline.timeline import Timeline

_DECODED = 7
"""So many times the bytes of its snapshot does a decoded customer take in memory."""


class CacheBudget:
    """The memory for the caches of one worker, in bytes: each of them has the same share of it."""

    def __init__(self, memory: int = 32_000_000) -> None:
        self._snapshots = memory // _DECODED
        self._caches = 0
        self.share = self._snapshots
        """So many bytes of snapshots may one cache keep decoded."""

    def join(self, cache: "CustomerCache") -> None:
        """Share with one cache more, as long as it lives."""
        self._count(1)
        weakref.finalize(cache, self._count, -1)

    def _count(self, more: int) -> None:
        self._caches += more
        self.share = self._snapshots // max(1, self._caches)


class CustomerCache:
    """Least recently used timelines by key, as many as the budget has room for."""

    def __init__(self, budget: CacheBudget | None = None) -> None:
        self._timelines: OrderedDict[bytes, tuple[Timeline, int]] = OrderedDict()
        self._bytes = 0
        self._budget = budget or CacheBudget()
        self._budget.join(self)

    def get(self, key: bytes) -> Timeline | None:
        """Return a cached customer, or None."""
        found = self._timelines.get(key)
        return None if found is None else found[0]

    def take(self, key: bytes) -> Timeline | None:
        """Remove and return a cached customer, or None."""
        found = self._timelines.pop(key, None)
        if found is None:
            return None
        self._bytes -= found[1]
        return found[0]

    def keep(self, key: bytes, timeline: Timeline, size: int) -> None:
        """Cache a customer whose snapshot has ``size`` bytes, and evict the least recently used ones."""
        self._timelines[key] = timeline, size
        self._bytes += size
        while self._bytes > self._budget.share:
            _, (_, evicted) = self._timelines.popitem(last=False)
            self._bytes -= evicted

    def forget(self, key: bytes) -> None:
        """Evict a customer whose snapshot was replaced."""
        self.take(key)
