"""The consumer: fetches the input topics, merges them by group, and yields batches; other topics as Faust does it."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, cast

import faust
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message
from faust.types.transports import ConsumerCallback, ConsumerT
from yarl import URL

from agents.batch import PendingBatch
from streams.faust_driver import private
from streams.faust_driver.membership import Listener, Membership
from streams.partitions.assignment import Assignment
from streams.partitions.changelog import truncated
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.inputs import Inputs
from streams.partitions.partition_group import PartitionGroup
from streams.topics import Topics

_POLL_SECONDS = 0.25
_SHORT_POLL_SECONDS = 0.02
_OFFSET_SECONDS = 5.0
_FAILED_POLL_SECONDS = 1.0


class BatchConsumer(driver.Consumer):
    """Faust's consumer, which yields one message a batch of the input topics, in the name of the first of them.

    Topics that other agents read are *ordinary*: their records come one a message, and their offsets are committed
    when the agent is done with them, so at least once. Those for which an agent has no room yet wait here: a slow agent
    must not hold up the batches.
    """

    RebalanceListener = Listener

    assignment_of_groups: Assignment
    topics: Topics
    inputs: Inputs
    _fetching: "asyncio.Future[Any] | None" = None
    _ordinary: "asyncio.Future[Mapping[TP, Any]] | None" = None
    _room: "asyncio.Future[None] | None" = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._numbers: Counter[int] = Counter()
        self._waiting: dict[TP, deque[Any]] = {}

    async def on_start(self) -> None:
        """Connect the client that fetches the input topics."""
        await super().on_start()
        await self.inputs.start()

    async def on_stop(self) -> None:
        """Commit the offsets a last time, and disconnect."""
        await super().on_stop()
        under_way = [it for it in (self._fetching, self._ordinary) if it is not None]
        for fetch in under_way:
            fetch.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self.inputs.stop()

    def is_ordinary(self, partition: Any) -> bool:
        """Say whether an ordinary agent reads this partition."""
        return partition.topic not in self.topics.inputs and not self._is_changelog_tp(partition)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Fetch until something is there or a batch has ended, then yield what can be processed."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        await self._fetch()
        now = int(time.time() * 1000)
        for group in list(self.assignment_of_groups.groups.values()):
            if self.should_stop or not self.flow_active:
                return
            pending = group.next_batch(now)
            if pending is not None:
                yield self._message(pending, now)
        for tp, record in self._ordinary_records():
            if self.should_stop or not self.flow_active:
                return  # the seek that ends every rebalance goes back to what was not acknowledged
            yield tp, self._to_message(tp, record)

    async def perform_seek(self) -> None:
        """Go back to the committed offsets of ordinary topics.

        Input topics are fetched from where their buffers say. Their committed offsets may be old, or anybody's.
        """
        fetch, self._ordinary = self._ordinary, None
        if fetch is not None:  # records that arrive after the seek would be skipped by the next fetch
            await asyncio.gather(fetch, return_exceptions=True)
        self._waiting.clear()
        if not any(map(self.is_ordinary, self.assignment())):
            return
        uncommitted = []
        for tp, offset in (await self.seek_to_committed()).items():
            if self.is_ordinary(tp):
                known = offset if offset is not None and offset > 0 else None
                self._read_offset[tp] = self._committed_offset[tp] = known
                if known is None:
                    uncommitted.append(tp)
        if uncommitted:  # the client did not seek there, and may be past records that were dropped
            await self._thread.seek_to_beginning(*uncommitted)

    def stop_flow(self) -> None:
        """Stop until a rebalance is over, and drop the records of ordinary topics that wait."""
        super().stop_flow()
        self._waiting.clear()

    def on_buffer_drop(self, tp: TP) -> None:
        """Note that an ordinary agent has room again."""
        super().on_buffer_drop(tp)
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def ack(self, message: Message) -> bool:
        """Forget the message of a batch, which the position marker acknowledges; acknowledge an ordinary one."""
        if self.is_ordinary(message.tp):
            return super().ack(message)
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def verify_all_partitions_active(self) -> None:
        """Do nothing: Faust only logs what it takes for a livelock; ``streams.partitions.watchdog`` ends one."""

    def _new_consumer_thread(self) -> Membership:
        membership = Membership(self, loop=self.loop, beacon=self.beacon)
        membership.is_ordinary = self.is_ordinary
        return membership

    async def _fetch(self) -> None:
        buffers = {place: buffer for group in self._open_groups() for place, buffer in _buffers(group)}
        self._seek_where_needed(buffers)
        free = [place for place, buffer in buffers.items() if not buffer.full]
        if self._fetching is None and free:
            caught_up = all(buffer.caught_up for buffer in buffers.values())
            seconds = _POLL_SECONDS if len(free) == len(buffers) else _SHORT_POLL_SECONDS
            self._fetching = asyncio.ensure_future(self.inputs.fetch(free, caught_up, seconds))
        self._fetch_ordinary()
        batch_ended = self.assignment_of_groups.batch_ended = self.loop.create_future()
        self._room = self.loop.create_future()
        waited = {it for it in (batch_ended, self._room, self._fetching, self._ordinary) if it is not None}
        at_once = any(tp not in self._buffered_partitions for tp in self._waiting)
        await asyncio.wait(waited, timeout=0 if at_once else 2 * _POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self._fetching is not None and self._fetching.done():
            fetched, self._fetching = self._fetching, None
            try:
                await self._accept(fetched.result())
            except BaseException as error:
                # The client is past what it handed out: what was not accepted must be fetched again.
                for buffer in buffers.values():
                    buffer.needs_seek = True
                if not isinstance(error, KafkaError | TimeoutError):
                    raise
                self.log.warning("fetching failed: %r", error)
                await self.sleep(_FAILED_POLL_SECONDS)

    def _fetch_ordinary(self) -> None:
        active = {tp for tp in self._get_active_partitions() if self.is_ordinary(tp) and tp not in self._waiting}
        if active and self._ordinary is None and self.flow_active:
            self._ordinary = asyncio.ensure_future(self._getmany(active, _POLL_SECONDS))

    def _ordinary_records(self) -> Iterator[tuple[TP, Any]]:
        if self._ordinary is not None and self._ordinary.done():
            fetch, self._ordinary = self._ordinary, None
            try:
                fetched, assigned = fetch.result(), self.assignment()
                self._waiting |= {tp: deque(records) for tp, records in fetched.items() if tp in assigned}
            except KafkaError as error:
                self.log.warning("fetching for ordinary agents failed: %r", error)
        for tp in list(self._waiting):
            # Faust calls a partition buffered while the queue of its agent is nearly full. One record more might have
            # to wait for the agent, and every batch with it.
            while tp not in self._buffered_partitions and (records := self._waiting.get(tp)):
                yield tp, records.popleft()
            if not self._waiting.get(tp):
                self._waiting.pop(tp, None)

    def _open_groups(self) -> Iterable[PartitionGroup]:
        return [group for group in self.assignment_of_groups.groups.values() if group.status.state == "open"]

    def _seek_where_needed(self, buffers: Mapping[TopicPartition, InputBuffer]) -> None:
        if set(self.inputs.places()) != set(buffers):
            # Reassigning drops what was prefetched for the partitions that stay; assignments change rarely.
            self.inputs.begin({place: buffer.next_offset for place, buffer in buffers.items()})
        else:
            self.inputs.seek({place: buffer.next_offset for place, buffer in buffers.items() if buffer.needs_seek})
        for buffer in buffers.values():
            buffer.needs_seek = False

    async def _accept(self, fetched: Mapping[TopicPartition, Any]) -> None:
        now = int(time.time() * 1000)
        fetching = self.inputs.places()
        # A fetch from before a seek says nothing about the buffer that asked for the seek.
        expected = [
            (group, place, buffer)
            for group in self._open_groups()
            for place, buffer in _buffers(group)
            if not buffer.needs_seek and place in fetching
        ]
        holes = []
        for group, place, buffer in expected:
            hole = buffer.accept(records, now) if (records := fetched.get(place)) else None
            buffer.known_end(self.inputs.end(place))
            if hole is not None:
                buffer.needs_seek = True
                holes.append((group, place, hole[0]))
        for group, place, missing in holes:
            begin = await asyncio.wait_for(self.inputs.first(place), _OFFSET_SECONDS)
            if begin > missing:
                group.stop(truncated(place.topic, group.partition, missing, begin))
        for _, place, buffer in expected:
            if not buffer.caught_up and not buffer.full and not buffer.needs_seek and not fetched.get(place):
                # A transaction's marker at the end of the log is no record, and never comes.
                buffer.passed(await asyncio.wait_for(self.inputs.position(place), _OFFSET_SECONDS))

    def _message(self, pending: PendingBatch, now: int) -> tuple[TP, ConsumerMessage]:
        tp = TP(self.topics.inputs[0], pending.batch.partition)
        # Faust expects offsets that rise one by one. The real ones go back when a group is opened again, so batches
        # are numbered.
        self._numbers[tp.partition] += 1
        message = ConsumerMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=self._numbers[tp.partition],
            timestamp=now / 1000,
            timestamp_type=0,
            headers={},
            key=None,
            value=pending,  # type: ignore[arg-type]  # raw, so Faust passes it on as it is
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            tp=tp,
            generation_id=pending.batch.generation,
        )
        return tp, message

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Any:
        return iter(self.assignment())

    def _new_offset(self, tp: TP) -> int | None:
        if self.is_ordinary(tp):
            return super()._new_offset(tp)
        groups = self.assignment_of_groups
        if groups.settings.embedded:
            # There, a commit during a rebalance makes the client forget its member id, and a ghost joins the group.
            return None
        group = groups.groups.get(tp.partition)
        return None if group is None or group.position is None else group.position.positions.get(tp.topic)


def _buffers(group: PartitionGroup) -> list[tuple[TopicPartition, InputBuffer]]:
    return [(TopicPartition(buffer.topic, group.partition), buffer) for buffer in group.buffers]


def batch_transport(app: faust.App, brokers: list[str], assignment: Assignment, topics: Topics) -> driver.Transport:
    """Return a transport for the app whose consumer yields the batches of the groups that are assigned."""

    class BatchTransport(driver.Transport):
        Consumer = BatchConsumer

        def create_consumer(self, callback: ConsumerCallback, **kwargs: Any) -> ConsumerT:
            consumer: Any = super().create_consumer(callback, **kwargs)
            consumer.assignment_of_groups, consumer.topics = assignment, topics
            consumer.inputs = Inputs(assignment.settings, private.set_fetch_wait)
            return cast(ConsumerT, consumer)

    return BatchTransport([URL(address) for address in brokers], app)
