"""The customer cache: the customers decided most recently, kept decoded for their next events."""

from collections import OrderedDict

from state.timeline.timeline import Timeline

MAX_BYTES = 4 * 1024 * 1024


class CustomerCache:
    """Least recently used timelines by key, ``MAX_BYTES`` of snapshots; in memory they take about seven times that."""

    def __init__(self) -> None:
        self._timelines: OrderedDict[bytes, tuple[Timeline, int]] = OrderedDict()
        self._bytes = 0

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
        while self._bytes > MAX_BYTES:
            _, (_, evicted) = self._timelines.popitem(last=False)
            self._bytes -= evicted

    def forget(self, key: bytes) -> None:
        """Evict a customer whose snapshot was replaced."""
        self.take(key)
