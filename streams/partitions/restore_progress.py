"""How far the changelogs are read while partition groups are restored: for the status of each, and for the log."""

import logging
from collections.abc import Mapping

from streams.partitions.status import GroupStatus, Restore

logger = logging.getLogger(__name__)

_LOG_SECONDS = 5.0


class RestoreProgress:
    """The progress of one read, which restores several groups at once; all of them open when it is through.

    ``ranges`` are the offsets from and up to which the changelog of each partition is read. Progress counts offsets,
    since a compacted log does not say how many records it holds. ``began`` is in seconds of a monotonic clock.
    """

    def __init__(
        self, ranges: Mapping[int, tuple[int, int]], statuses: Mapping[int, GroupStatus], began: float
    ) -> None:
        self._ranges = ranges
        self._statuses = statuses
        self._first: tuple[float, int] | None = None
        self._logged = dict.fromkeys(ranges, began)
        for partition, (begin, end) in ranges.items():
            statuses[partition].restore = Restore(0, max(0, end - begin))
        offsets = sum(max(0, end - begin) for begin, end in ranges.values())
        if offsets:
            logger.info("reading the changelogs of partitions %s: %s offsets", sorted(ranges), f"{offsets:,}")

    def reached(self, partition: int, offset: int, now: float) -> None:
        """Note the offset from which the changelog of a partition is read next."""
        begin, end = self._ranges[partition]
        status = self._statuses[partition]
        status.restore = Restore(max(0, min(offset, end) - begin), max(0, end - begin))
        seconds_left = self._seconds_left(now)
        for each in self._statuses.values():
            if each.restore is not None:
                each.restore.seconds_left = seconds_left
        if now - self._logged[partition] >= _LOG_SECONDS:
            self._logged[partition] = now
            logger.info("partition %d is opening: %s", partition, status.restore, extra={"partition": partition})

    def ended(self) -> None:
        """Note that the read has ended, in whatever way."""
        for status in self._statuses.values():
            status.restore = None

    def _seconds_left(self, now: float) -> float | None:
        restores = [it.restore for it in self._statuses.values() if it.restore is not None]
        done = sum(it.done for it in restores)
        left = sum(it.offsets for it in restores) - done
        if self._first is None:
            # The first records may take seconds to come, which says nothing of how fast the others do.
            self._first = now, done
        since, before = self._first
        return (now - since) * left / (done - before) if done > before else None
