"""The linger: at small loads records wait for others, so that one transaction has several of them."""

from collections import deque
from collections.abc import Callable
from itertools import islice
from time import monotonic

from streams.settings import Settings

AT_ONCE_A_SECOND = 10
"""So many transactions a second begin without a wait, all groups of a worker together."""
ENOUGH_RECORDS = 4
"""A group does not wait that has so many records."""
ENOUGH_A_SECOND = 125
"""No group waits in a worker that takes so many records a second for each: transactions are then the smaller cost."""
_OF_EACH_GROUP = 0.035
"""Each group of a worker adds so many seconds to the wait of all: the more groups, the more transactions."""
_BETWEEN_FETCHES = 0.04


class Linger:
    """How long the groups of one worker wait for more records before they begin a transaction, in seconds.

    A worker on the stream's clock never waits: its records are as old as what is replayed. ``now`` counts seconds.
    """

    def __init__(self, settings: Settings, now: Callable[[], float] = monotonic) -> None:
        self._longest = settings.linger if settings.clock == "wall" else 0.0
        self._now = now
        self._begun: deque[tuple[float, int]] = deque(maxlen=AT_ONCE_A_SECOND)
        self._since: dict[int, float] = {}

    def begun(self, partition: int, records: int) -> None:
        """Note that a group begins a transaction of so many records."""
        self._since.pop(partition, None)
        self._begun.append((self._now(), records))

    def left(self, partition: int, records: int, groups: int) -> float:
        """Return how much longer a group waits that has so many records; 0: not at all.

        ``groups``: so many has the worker.
        """
        now = self._now()
        since = self._since.setdefault(partition, now) if records else now
        if not 0 < records < ENOUGH_RECORDS:
            return 0.0
        return max(0.0, since + self._whole(groups) - now)

    def between_fetches(self, groups: int) -> float:
        """Return how long the broker may hold a fetch that finds little; 0: as long as it finds nothing."""
        return min(self._whole(groups), _BETWEEN_FETCHES)

    def _whole(self, groups: int) -> float:
        if len(self._begun) < AT_ONCE_A_SECOND:
            return 0.0
        took = self._now() - self._begun[0][0]
        records = sum(number for _, number in islice(self._begun, 1, None))
        if took >= 1.0 or records > ENOUGH_A_SECOND * groups * took:
            return 0.0
        return min(self._longest, groups * _OF_EACH_GROUP)
