"""A partition group: one partition of every input topic, from the records fetched to the next batch."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from agents.batch import Batch, PendingBatch, Position, Record
from agents.commit import GroupState
from agents.policies import Policies
from schemas.instant import to_text
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.merge import merge, replaying
from streams.partitions.policy_in_force import PolicyInForce
from streams.partitions.position import START, encode_position
from streams.partitions.status import GroupStatus
from streams.partitions.transaction import GroupTransaction
from streams.partitions.watermarks import WATERMARK_KEY, read_watermark
from streams.settings import Settings
from streams.topics import topics_of

logger = logging.getLogger(__name__)

TICK_MS = 500
TELL_MS = 1000
"""How often the accounts' workers hear how far a group has come that has nothing to do."""


class PartitionGroup:
    """What a worker keeps of one partition group between its assignment and its revocation.

    At most one batch is under way: ``in_flight``. ``lock`` is held while a batch is processed or the group is opened.
    """

    def __init__(self, partition: int, settings: Settings, state: GroupState, policies: Policies | None = None) -> None:
        self.partition = partition
        self.state = state
        self.status = GroupStatus()
        self._policy = PolicyInForce(policies, state, self.status)
        self.lock = asyncio.Lock()
        self.generation = -1
        self.in_flight: PendingBatch | None = None
        self.transaction: GroupTransaction | None = None
        self.read_to = 0
        """The changelog offset up to which memory is complete."""
        self.position: Position | None = None
        """As of the last commit; ``None`` before the first."""
        self.lost: dict[str, int] = {}
        """By topic whose log has no longer what comes next, or is another one: where a person can let it go on."""
        self.topic_ids: dict[str, bytes] = {}
        """The ids of the inputs and of the changelog, as of the last opening."""
        self.changelog_end = 0
        """Where the changelog ended when the group was stopped: what is beyond was written by a person's command."""
        self.unreadable = ""
        """Why its changelog cannot be read by this version, with the way out; empty if it can."""
        topics = topics_of(settings)
        self.buffers = [
            InputBuffer(
                topic,
                topic not in topics.mapped,
                topic in topics.account_events,
                most_records=settings.batch_records,
            )
            for topic in topics.inputs
        ]
        self._partitioner = settings.partitioner
        self._wall = settings.clock == "wall"
        self._tells_accounts = settings.accounts
        self._limit = settings.batch_records
        self._upto = 0
        self._ticked = 0
        self._is_final = False

    def open(self, generation: int, ends: dict[str, int]) -> None:
        """Let records flow from the position on; ``ends`` are the offsets after the last record of each topic.

        A group whose policy cannot be had is stopped instead.
        """
        position = self.position or START
        if reason := self._policy.begin(position):
            self.stop(reason)
            return
        self._upto = self.state.upto = position.upto
        for buffer in self.buffers:
            buffer.restart(
                position.positions.get(buffer.topic, 0),
                ends[buffer.topic],
                position.upto,
                position.watermarks.get(buffer.topic),
            )
        self.in_flight = None
        self._is_final = False
        self.generation = generation
        self.status.state, self.status.reason = "open", ""

    def close(self) -> None:
        """Drop all records that wait: they will be fetched again."""
        self.in_flight = None
        for buffer in self.buffers:
            buffer.restart(buffer.next_offset, buffer.end, self._upto, buffer.watermark)

    def stop(self, reason: str) -> None:
        """Stop the group until a person has decided how to go on."""
        self.close()
        self.status.state, self.status.reason = "stopped", reason

    @property
    def waiting(self) -> int:
        """How many records were fetched and are in no batch yet."""
        return sum(len(buffer.records) for buffer in self.buffers)

    def next_batch(self, now: int) -> PendingBatch | None:
        """Return the next batch worth a commit, None while one is under way or nothing has happened; ``now`` in ms."""
        if self.in_flight is not None or self.status.state != "open":
            return None
        committed = (self.position or START).upto
        change = self._policy.change_after(committed)
        if change is not None and change.at <= committed and not self._is_due(committed):
            # All that happened until then is decided: the other policy begins, with a batch of its own.
            if reason := self._policy.take(change):
                self.stop(reason)
                return None
            if change.at > change.policy.effective_at:
                late = "partition %d: policy %d was to be in force from %s, and was not known then: it is so from %s"
                effective, at = to_text(change.policy.effective_at), to_text(change.at)
                logger.warning(late, self.partition, change.policy.number, effective, at)
            return self._pending([], committed, now, is_final=False)
        cut = self._policy.limit(change, committed)
        for buffer in self.buffers:
            buffer.stop_waiting(now, self._wall)
        merged = merge(self.buffers, self._limit, cut)
        if merged.records:
            for buffer in self.buffers:
                buffer.taken()
        upto = self._advance(merged.cut, now, cut)
        must_cut = change is not None and upto == change.at and upto > committed
        is_final = merged.cut is None and not self._wall and upto != cut
        if not merged.records and not (must_cut or self._must_fire(upto, now) or self._must_tell(is_final, now)):
            # This upto is in memory only, and a crash that loses it does no harm: it decides what is due or late only
            # as the upto of a batch, which commits it.
            self.status.upto = self._decided(upto)
            return None
        return self._pending(merged.records, upto, now, is_final=is_final)

    def _pending(self, records: Sequence[Record], upto: int, now: int, *, is_final: bool) -> PendingBatch:
        self._ticked, self._is_final = now, is_final
        position = self._position_after(records, upto)
        events = [record for record in records if record.key != WATERMARK_KEY]
        batch = Batch(self.partition, self.generation, events, upto, is_final)
        self.in_flight = PendingBatch(batch, position, encode_position(position))
        return self.in_flight

    def committed(self, pending: PendingBatch) -> None:
        """Note that the batch under way is committed and applied to memory."""
        self.position = pending.position
        self.status.upto = self._decided(pending.position.upto)
        self.status.progress = time.monotonic()
        self.in_flight = None

    def is_idle(self) -> bool:
        """Say whether everything in the log was fetched and is decided, or waits for a replay to go on."""
        if self.status.state != "open" or self.in_flight is not None:
            return False
        due = self.state.due()
        if due is not None and due <= self._upto:
            return False
        waiting = any(buffer.records for buffer in self.buffers)
        return all(buffer.caught_up for buffer in self.buffers) and (not waiting or replaying(self.buffers))

    def _decided(self, upto: int) -> int:
        # When many customers are due at once, some wait for the next batch.
        due = self.state.due()
        return upto if due is None or due > upto else max(0, due - 1)

    def _is_due(self, upto: int) -> bool:
        due = self.state.due()
        return due is not None and due <= upto

    def _advance(self, cut: int | None, now: int, limit: int | None) -> int:
        if cut is None:
            cut = now if self._wall else max(buffer.end_of_time for buffer in self.buffers)
        # A record's time is never beyond now, but a replay's watermark can be.
        self._upto = max(self._upto, min(cut, now) if self._wall else cut)
        if limit is not None:
            self._upto = min(self._upto, limit)
        return self._upto

    def _must_fire(self, upto: int, now: int) -> bool:
        due = self.state.due()
        if due is None or due > upto:
            return False
        # Customers are overdue when the last batch left them over because many were due at once.
        overdue = self.position is not None and due <= self.position.upto
        return overdue or not self._wall or now - self._ticked >= TICK_MS

    def _must_tell(self, is_final: bool, now: int) -> bool:
        """Say whether the accounts' workers wait to hear how far this group has come."""
        if not self._tells_accounts:
            return False
        return now - self._ticked >= TELL_MS if self._wall else is_final and not self._is_final

    def _position_after(self, records: Sequence[Record], upto: int) -> Position:
        before = self.position or START
        positions = {**before.positions, **{record.topic: record.offset + 1 for record in records}}
        watermarks = dict(before.watermarks)
        for record in [record for record in records if record.key == WATERMARK_KEY]:
            if (watermark := read_watermark(record)) is not None:
                watermarks[record.topic] = watermark
        return replace(
            before,
            positions=positions,
            upto=upto,
            watermarks=watermarks,
            partitioner=self._partitioner,
            policy=self._policy.number,
            policy_at=self._policy.since,
        )
