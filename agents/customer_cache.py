"""CustomerCache: the customers decided last, so that one who is heard of again soon need not be decoded."""

from collections import OrderedDict

from state.timeline.timeline import Timeline

MAX_BYTES = 4 * 1024 * 1024


class CustomerCache:
    """Timelines by key, as many as ``MAX_BYTES`` of snapshots hold; in memory they take about seven times that."""

    def __init__(self) -> None:
        self._timelines: OrderedDict[bytes, tuple[Timeline, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: bytes) -> Timeline | None:
        """A customer, if he is among them."""
        found = self._timelines.get(key)
        return None if found is None else found[0]

    def take(self, key: bytes) -> Timeline | None:
        """A customer, if he is among them, who then is no more."""
        found = self._timelines.pop(key, None)
        if found is None:
            return None
        self._bytes -= found[1]
        return found[0]

    def keep(self, key: bytes, timeline: Timeline, size: int) -> None:
        """Remember a customer whose snapshot has so many bytes, and forget those not kept for the longest time."""
        self._timelines[key] = timeline, size
        self._bytes += size
        while self._bytes > MAX_BYTES:
            _, (_, gone) = self._timelines.popitem(last=False)
            self._bytes -= gone

    def forget(self, key: bytes) -> None:
        """Forget a customer, whose snapshot is another one now."""
        self.take(key)
