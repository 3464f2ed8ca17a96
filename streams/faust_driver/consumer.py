"""The consumer: fetches the input topics, merges them by group, and yields batches."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, cast

import faust
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message
from faust.types.transports import ConsumerCallback, ConsumerT
from yarl import URL

from agents.batch import PendingBatch
from streams.fatal import end_process
from streams.faust_driver import private
from streams.faust_driver.membership import Listener, Membership
from streams.faust_driver.ordinary_topics import OrdinaryConsumer
from streams.partitions.assignment import Assignment
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.inputs import Inputs
from streams.partitions.linger import Linger
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.topic_changes import truncated
from streams.refusal import RefusedError, refused_request
from streams.topics import Topics

_POLL_SECONDS = 0.25
_SHORT_POLL_SECONDS = 0.02
_OFFSET_SECONDS = 5.0
_FAILED_POLL_SECONDS = 1.0


class BatchConsumer(OrdinaryConsumer):
    """Faust's consumer, which yields one message for each batch of the input topics, under the first one's name."""

    RebalanceListener = Listener

    assignment_of_groups: Assignment
    inputs: Inputs
    linger: Linger
    _fetching: "asyncio.Future[Any] | None" = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._numbers: Counter[int] = Counter()

    async def on_start(self) -> None:
        """Connect the client that fetches the input topics."""
        await super().on_start()
        await self.inputs.start()

    async def on_stop(self) -> None:
        """Commit the offsets a last time, and disconnect."""
        await super().on_stop()
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await self.inputs.stop()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Fetch until something is there or a batch has ended, then yield what can be processed."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        await self._fetch()
        now = int(time.time() * 1000)
        for group in list(self.assignment_of_groups.groups.values()):
            if self.should_stop or not self.flow_active:
                return
            pending = None if self._wait_of(group) else group.next_batch(now)
            if pending is not None:
                self.linger.begun(group.partition, len(pending.batch.records))
                yield self._message(pending, now)

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
        membership.refused = self._refused
        return membership

    def _refused(self, error: BaseException) -> RefusedError | None:
        return refused_request(error, self.assignment_of_groups.settings, "Read")

    async def _fetch(self) -> None:
        buffers = {place: buffer for group in self._open_groups() for place, buffer in _buffers(group)}
        self._seek_where_needed(buffers)
        free = [place for place, buffer in buffers.items() if not buffer.full]
        if self._fetching is None and free:
            caught_up = all(buffer.caught_up for buffer in buffers.values())
            seconds = _POLL_SECONDS if len(free) == len(buffers) else _SHORT_POLL_SECONDS
            hold = self.linger.between_fetches(len(self.assignment_of_groups.groups))
            self._fetching = asyncio.ensure_future(self.inputs.fetch(free, caught_up, seconds, hold))
        batch_ended = self.assignment_of_groups.batch_ended = self.loop.create_future()
        waited = {batch_ended} if self._fetching is None else {batch_ended, self._fetching}
        waits = [wait for it in self._open_groups() if (wait := self._wait_of(it)) and it.in_flight is None]
        await asyncio.wait(waited, timeout=min(waits, default=2 * _POLL_SECONDS), return_when=asyncio.FIRST_COMPLETED)
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
                if (refused := self._refused(error)) is not None:
                    # Time would go on without what is not read any more; who starts again waits for the right.
                    end_process(str(refused))
                self.log.warning("fetching failed: %r", error)
                await self.sleep(_FAILED_POLL_SECONDS)

    def _wait_of(self, group: PartitionGroup) -> float:
        return self.linger.left(group.partition, group.waiting, len(self.assignment_of_groups.groups))

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
        # What was fetched before a seek is useless for the buffer that asked for the seek.
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
            consumer.linger = Linger(assignment.settings)
            # On the embedded broker, a commit during a rebalance makes the client lose its member id: it joins as a new
            # member, and the old one stays in the group.
            consumer.commits_ordinary = not assignment.settings.embedded
            return cast(ConsumerT, consumer)

    return BatchTransport([URL(address) for address in brokers], app)
