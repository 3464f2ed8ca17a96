"""One input topic of a partition group as it is fetched: in order, without holes, and within bounds of memory."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Protocol

from agents.batch import Record, Watermark
from streams.partitions.merge import TopicBuffer
from streams.partitions.watermarks import WATERMARK_KEY, read_watermark

logger = logging.getLogger(__name__)

# A topic that others wait for, and that says nothing for so long, no longer holds them back.
PATIENCE_MS = 60_000
MAX_BYTES = 8 * 1024 * 1024
_size_of = attrgetter("serialized_value_size")


class Fetched(Protocol):
    """What the Kafka client makes of a record."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    serialized_value_size: int


@dataclass(slots=True)
class InputBuffer(TopicBuffer):
    """A buffer that knows offsets: ``next_offset`` comes next, ``end`` follows the last one known to the broker.

    ``needs_seek``: what fetches stands elsewhere, and must be told to go on at ``next_offset``.
    """

    most_records: int = 4000
    next_offset: int = 0
    end: int = 0
    needs_seek: bool = True
    _hole: tuple[int, int] | None = None
    _heard: int = 0
    _bytes: int = 0
    _counted: int = 0

    def restart(self, offset: int, end: int, floor: int, watermark: Watermark | None) -> None:
        """Begin at ``offset``, with nothing fetched and nothing older than ``floor`` (ms) expected."""
        self.records.clear()
        self.times.clear()
        self.next_offset, self.end, self.needs_seek = offset, end, True
        self.floor, self.watermark = floor, watermark
        self._hole, self._heard, self._bytes, self._counted = None, 0, 0, 0
        self.caught_up = offset >= end

    @property
    def full(self) -> bool:
        """Enough waits here: fetch no more for now."""
        return len(self.records) >= 2 * self.most_records or self._bytes >= MAX_BYTES

    @property
    def end_of_time(self) -> int:
        """The latest instant this topic has told of, in ms: a record's, or the end of a replay."""
        return max(self.floor, self.watermark.instant) if self.watermark is not None else self.floor

    def accept(self, fetched: Sequence[Fetched], now: int) -> tuple[int, int] | None:
        """Take records over. Return a hole (first offset missing, first offset after it) that must be fetched again.

        A hole is accepted when the same one comes back: compaction, aborted transactions and their markers leave
        such. One that does not come back was a fetch that had run ahead.
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
        """Note the offset after the last record that the broker has."""
        self.end = max(self.end, end)
        self.caught_up = self.next_offset >= self.end

    def passed(self, position: int) -> None:
        """Note that the fetch has come to ``position`` without another record: what lies before it is no record."""
        self.caught_up = position >= self.end

    def let_go(self, now: int, wall: bool) -> None:
        """Stop holding the other topics back when this one has been silent for too long; ``now`` in ms.

        On the stream's clock a replay may take its time: there, nothing but its records moves the clock.
        """
        if not wall or not self._heard:
            self._heard = self._heard or now
            return
        if now - self._heard < PATIENCE_MS:
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
        # Not min(): it costs as much as the record.
        records = [
            Record(topic, it.offset, at if (at := it.timestamp) < now else now, it.key, it.value) for it in fetched
        ]
        self.add(records)
        self.next_offset = records[-1].offset + 1
        self.caught_up = self.next_offset >= self.end
        self._heard = now
        self._counted = len(self.records)
        self._bytes += sum(map(_size_of, fetched))
        for record in [record for record in records if record.key == WATERMARK_KEY]:
            self.watermark = read_watermark(record) or self.watermark

    def taken(self) -> None:
        """Note that records were merged away: what waits is smaller by their share, as if all were of one size."""
        self._bytes = self._bytes * len(self.records) // max(1, self._counted)
        self._counted = len(self.records)
