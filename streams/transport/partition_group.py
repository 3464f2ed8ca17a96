"""A partition group: one partition of every input topic, from the records fetched to the batch handed over."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from agents.batch import Batch, Record
from agents.commit import Tracker
from streams.settings import Settings
from streams.topics import topics_of
from streams.transport.lanes import InputLane
from streams.transport.merge import merge, replaying
from streams.transport.status import GroupStatus
from streams.transport.tables import Position
from streams.transport.transaction import GroupTransaction
from streams.transport.watermarks import WATERMARK_KEY, read_watermark

TICK_MS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Handover:
    """A batch on its way to the tracker, and the position that its commit reaches."""

    batch: Batch
    position: Position


class PartitionGroup:
    """What a worker keeps of one partition group between its assignment and its revocation.

    At most one batch is under way: ``in_flight``. ``lock`` is held by whoever works on it, or opens the group.
    """

    def __init__(self, partition: int, settings: Settings, tracker: Tracker) -> None:
        self.partition = partition
        self.tracker = tracker
        self.status = GroupStatus()
        self.lock = asyncio.Lock()
        self.generation = -1
        self.in_flight: Handover | None = None
        self.transaction: GroupTransaction | None = None
        self.read_to = 0
        """The changelog offset up to which memory has it."""
        self.position: Position | None = None
        """As of the last commit; ``None`` before the first."""
        self.lost: dict[str, int] = {}
        """By topic where its log begins, if that is past the position: records were deleted unread."""
        self.lanes = [InputLane(topic, most_records=settings.batch_records) for topic in topics_of(settings).inputs]
        self._wall = settings.clock == "wall"
        self._limit = settings.batch_records
        self._upto = 0
        self._ticked = 0

    def open(self, generation: int, ends: dict[str, int]) -> None:
        """Let records flow from the position on; ``ends`` are the offsets after the last record of each topic."""
        position = self.position or Position({}, 0)
        self._upto = self.tracker.upto = position.upto
        for lane in self.lanes:
            lane.restart(
                position.positions.get(lane.topic, 0),
                ends[lane.topic],
                position.upto,
                position.watermarks.get(lane.topic),
            )
        self.in_flight = None
        self.generation = generation
        self.status.state, self.status.reason = "open", ""

    def close(self) -> None:
        """Let go of all records that wait: they will be fetched again."""
        self.in_flight = None
        for lane in self.lanes:
            lane.restart(lane.next_offset, lane.end, self._upto, lane.watermark)

    def stop(self, reason: str) -> None:
        """Let no more records flow until a person has decided."""
        self.close()
        self.status.state, self.status.reason = "stopped", reason

    def next_handover(self, now: int) -> Handover | None:
        """Return the next batch that there is something to commit for, if none is under way; ``now`` in ms."""
        if self.in_flight is not None or self.status.state != "open":
            return None
        for lane in self.lanes:
            lane.let_go(now, self._wall)
        merged = merge(self.lanes, self._limit)
        if merged.records:
            for lane in self.lanes:
                lane.taken()
        upto = self._advance(merged.cut, now)
        if not merged.records and not self._must_fire(upto, now):
            # What memory knows of upto and the log does not is lost in a crash, and harms nobody: it decides
            # something (what is due, what is late) only as the upto of a batch, and is committed with that.
            self.status.upto = self._decided(upto)
            return None
        self._ticked = now
        position = self._position_after(merged.records, upto)
        events = [record for record in merged.records if record.key != WATERMARK_KEY]
        self.in_flight = Handover(Batch(self.partition, self.generation, events, upto), position)
        return self.in_flight

    def settle(self, handover: Handover) -> None:
        """Note that a batch is committed."""
        self.position = handover.position
        self.status.upto = self._decided(handover.position.upto)
        self.status.progress = time.monotonic()
        self.in_flight = None

    def is_idle(self) -> bool:
        """Say whether all that the log has was fetched and is decided, or waits for a replay to go on."""
        if self.status.state != "open" or self.in_flight is not None:
            return False
        due = self.tracker.due()
        if due is not None and due <= self._upto:
            return False
        waiting = any(lane.records for lane in self.lanes)
        return all(lane.caught_up for lane in self.lanes) and (not waiting or replaying(self.lanes))

    def _decided(self, upto: int) -> int:
        # Of many who are due at once, some wait for the next batch.
        due = self.tracker.due()
        return upto if due is None or due > upto else max(0, due - 1)

    def _advance(self, cut: int | None, now: int) -> int:
        if cut is None:
            cut = now if self._wall else max(lane.end_of_time for lane in self.lanes)
        # A record's time is never beyond now, but a replay's watermark can be.
        self._upto = max(self._upto, min(cut, now) if self._wall else cut)
        return self._upto

    def _must_fire(self, upto: int, now: int) -> bool:
        due = self.tracker.due()
        if due is None or due > upto:
            return False
        # Overdue is what the last batch has left: many were due at once.
        overdue = self.position is not None and due <= self.position.upto
        return overdue or not self._wall or now - self._ticked >= TICK_MS

    def _position_after(self, records: Sequence[Record], upto: int) -> Position:
        before = self.position or Position({}, 0)
        positions = {**before.positions, **{record.topic: record.offset + 1 for record in records}}
        watermarks = dict(before.watermarks)
        for record in [record for record in records if record.key == WATERMARK_KEY]:
            if (watermark := read_watermark(record)) is not None:
                watermarks[record.topic] = watermark
        return Position(positions, upto, watermarks)
