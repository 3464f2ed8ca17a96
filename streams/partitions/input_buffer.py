"""The input buffer: one input topic of a partition group, in order, without holes, and bounded in memory."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

from agents.batch import Record, Watermark
from streams.partitions.merge import TopicBuffer
from streams.partitions.watermarks import WATERMARK_KEY, read_watermark

logger = logging.getLogger(__name__)

# A topic that brings nothing for so long no longer holds the other topics back.
PATIENCE_MS = 60_000
MAX_BYTES = 8 * 1024 * 1024
_size_of = attrgetter("serialized_value_size")


class Fetched(Protocol):
    """A record as the Kafka client returns it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    serialized_value_size: int


@dataclass(slots=True)
class InputBuffer(TopicBuffer):
    """A topic buffer with offsets: ``next_offset`` comes next, ``end`` follows the last one that the broker has.

    ``needs_seek``: the fetch position is elsewhere, and the client must seek to ``next_offset``.
    """

    most_records: int = 4000
    next_offset: int = 0
    end: int = 0
    needs_seek: bool = True
    _hole: tuple[int, int] | None = None
    _last_fetched: int = 0
    _bytes: int = 0
    _records_at_last_count: int = 0

    def restart(self, offset: int, end: int, order_time: int, watermark: Watermark | None) -> None:
        """Start at ``offset``, with nothing fetched and no record before ``order_time`` (ms) expected."""
        self.records.clear()
        self.times.clear()
        self.next_offset, self.end, self.needs_seek = offset, end, True
        self.last_time, self.watermark = order_time, watermark
        self._hole, self._last_fetched, self._bytes, self._records_at_last_count = None, 0, 0, 0
        self.caught_up = offset >= end

    @property
    def full(self) -> bool:
        """Whether enough records wait here: fetch no more for now."""
        return len(self.records) >= 2 * self.most_records or self._bytes >= MAX_BYTES

    @property
    def end_of_time(self) -> int:
        """The latest instant known from this topic, in ms: that of a record, or the end of a replay."""
        return max(self.last_time, self.watermark.instant) if self.watermark is not None else self.last_time

    def accept(self, fetched: Sequence[Fetched], now: int) -> tuple[int, int] | None:
        """Append records. Return a hole (first offset missing, first offset after it) that must be fetched again.

        A hole is accepted when the same one is fetched twice: compaction, aborted transactions and their markers leave
        holes. Any other hole was a fetch that had run ahead.
        """
        first, last = fetched[0].offset, fetched[-1].offset
        if first != self.next_offset or last - first + 1 != len(fetched):
            fetched, hole = self._without_hole(fetched)
        else:
            hole = None
        if fetched:
            self._add(fetched, now)
        self._hole = hole
        return hole

    def known_end(self, end: int) -> None:
        """Set the offset after the last record that the broker has."""
        self.end = max(self.end, end)
        self.caught_up = self.next_offset >= self.end

    def passed(self, position: int) -> None:
        """Note that the fetch reached ``position`` without another record: the offsets before it hold none."""
        self.caught_up = position >= self.end

    def stop_waiting(self, now: int, wall: bool) -> None:
        """Stop holding the other topics back when this one has brought nothing for too long; ``now`` in ms.

        On the stream clock a replay may pause as long as it likes: there, only its records move the clock. Who writes
        the events of accounts may be away as long as they like: what they have still to write must be decided first.
        """
        if not wall or self.always_holds or not self._last_fetched:
            self._last_fetched = self._last_fetched or now
            return
        if now - self._last_fetched < PATIENCE_MS:
            return
        if not self.caught_up and not self.full:
            logger.warning("%s brings nothing though it holds more: the other topics go on", self.topic)
            self.caught_up = True
        if self.watermark is not None and not self.watermark.final:
            logger.warning("the replay into %s has been silent for a minute: it is taken to be over", self.topic)
            self.watermark = None

    def _without_hole(self, fetched: Sequence[Fetched]) -> tuple[list[Fetched], tuple[int, int] | None]:
        accepted: list[Fetched] = []
        expected = self.next_offset
        for record in fetched:
            if record.offset < expected:
                continue  # below the position: it is counted already
            hole = (expected, record.offset)
            if record.offset > expected and hole != self._hole:
                return accepted, hole
            accepted.append(record)
            expected = record.offset + 1
        return accepted, None

    def _add(self, fetched: Sequence[Fetched], now: int) -> None:
        topic = self.topic
        # Not min(): a call costs as much as making the record.
        records = [
            Record(topic, it.offset, at if (at := it.timestamp) < now else now, it.key, it.value) for it in fetched
        ]
        self.add(records)
        self.next_offset = records[-1].offset + 1
        self.caught_up = self.next_offset >= self.end
        self._last_fetched = now
        self._records_at_last_count = len(self.records)
        self._bytes += sum(map(_size_of, fetched))
        for record in [record for record in records if record.key == WATERMARK_KEY]:
            self.watermark = read_watermark(record) or self.watermark

    def taken(self) -> None:
        """Reduce the byte count after records were merged: by their share, as if all were of one size."""
        self._bytes = self._bytes * len(self.records) // max(1, self._records_at_last_count)
        self._records_at_last_count = len(self.records)
