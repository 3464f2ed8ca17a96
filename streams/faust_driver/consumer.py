"""The intake: fetches the input topics, merges them by group, and hands batches to the agent."""

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

from streams.faust_driver.membership import Listener, Membership
from streams.partitions.assignment import Assignment
from streams.partitions.changelog import truncated
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.inputs import Inputs
from streams.partitions.partition_group import PartitionGroup, PendingBatch

_POLL_SECONDS = 0.25
_SHORT_POLL_SECONDS = 0.02
_OFFSET_SECONDS = 5.0
_FAILED_POLL_SECONDS = 1.0


class Intake(driver.Consumer):
    """Faust's consumer, which yields one message a batch instead of one a record."""

    RebalanceListener = Listener

    held: Assignment
    lead: str
    """The topic in whose name batches are handed over."""
    inputs: Inputs
    _fetching: "asyncio.Future[Any] | None" = None
    _freed: "asyncio.Future[None] | None" = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._numbers: Counter[int] = Counter()

    async def on_start(self) -> None:
        """Connect what fetches."""
        await super().on_start()
        await self.inputs.start()

    async def on_stop(self) -> None:
        """Write the group's offsets a last time, and end what fetches."""
        await super().on_stop()
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await self.inputs.stop()

    def _new_consumer_thread(self) -> Membership:
        return Membership(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Fetch until something is there or a batch has ended, then yield what can be handed over."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        await self._fetch()
        now = int(time.time() * 1000)
        for group in list(self.held.groups.values()):
            if self.should_stop or not self.flow_active:
                return
            pending = group.next_batch(now)
            if pending is not None:
                yield self._message(pending, now)

    def freed(self) -> None:
        """Note that a group's batch has ended: it can have the next one."""
        if self._freed is not None and not self._freed.done():
            self._freed.set_result(None)

    async def perform_seek(self) -> None:
        """Do nothing: the buffers say from where to fetch, never the committed offsets of the consumer group."""

    def ack(self, message: Message) -> bool:
        """Forget a message; the position in the changelog is what acknowledges a batch."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _fetch(self) -> None:
        buffers = {place: buffer for group in self._open_groups() for place, buffer in _buffers(group)}
        self._go_where_told(buffers)
        free = [place for place, buffer in buffers.items() if not buffer.full]
        if self._fetching is None and free:
            caught_up = all(buffer.caught_up for buffer in buffers.values())
            seconds = _POLL_SECONDS if len(free) == len(buffers) else _SHORT_POLL_SECONDS
            self._fetching = asyncio.ensure_future(self.inputs.fetch(free, caught_up, seconds))
        self._freed = self.loop.create_future()
        waited = {self._freed} if self._fetching is None else {self._freed, self._fetching}
        await asyncio.wait(waited, timeout=2 * _POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self._fetching is not None and self._fetching.done():
            fetched, self._fetching = self._fetching, None
            try:
                await self._take_over(fetched.result())
            except BaseException as error:
                # The client is past what it handed out: what was not taken over must be fetched again.
                for buffer in buffers.values():
                    buffer.needs_seek = True
                if not isinstance(error, KafkaError | TimeoutError):
                    raise
                self.log.warning("fetching failed: %r", error)
                await self.sleep(_FAILED_POLL_SECONDS)

    def _open_groups(self) -> Iterable[PartitionGroup]:
        return [group for group in self.held.groups.values() if group.status.state == "open"]

    def _go_where_told(self, buffers: Mapping[TopicPartition, InputBuffer]) -> None:
        if set(self.inputs.places()) != set(buffers):
            # What was fetched ahead of the buffers that stay is thrown away, and fetched again: groups change seldom.
            self.inputs.begin({place: buffer.next_offset for place, buffer in buffers.items()})
        else:
            self.inputs.seek({place: buffer.next_offset for place, buffer in buffers.items() if buffer.needs_seek})
        for buffer in buffers.values():
            buffer.needs_seek = False

    async def _take_over(self, fetched: Mapping[TopicPartition, Any]) -> None:
        now = int(time.time() * 1000)
        fetching = self.inputs.places()
        # What was fetched from elsewhere says nothing of a buffer that was told to go on at another offset.
        expected = [
            (group, place, buffer)
            for group in self._open_groups()
            for place, buffer in _buffers(group)
            if not buffer.needs_seek and place in fetching
        ]
        holes = []
        for group, place, buffer in expected:
            if records := fetched.get(place):
                hole = buffer.accept(records, now)
                if hole is not None:
                    buffer.needs_seek = True
                    holes.append((group, place, buffer.topic, hole[0]))
            buffer.known_end(self.inputs.end(place))
        for group, place, topic, missing in holes:
            begin = await asyncio.wait_for(self.inputs.first(place), _OFFSET_SECONDS)
            if begin > missing:
                group.stop(truncated(topic, group.partition, missing, begin))
        for _, place, buffer in expected:
            if not buffer.caught_up and not buffer.full and not buffer.needs_seek and not fetched.get(place):
                # A transaction's marker at the end of the log is no record, and never comes.
                buffer.passed(await asyncio.wait_for(self.inputs.position(place), _OFFSET_SECONDS))

    def _message(self, pending: PendingBatch, now: int) -> tuple[TP, ConsumerMessage]:
        tp = TP(self.lead, pending.batch.partition)
        # Faust wants offsets that rise one by one. The real ones go back when a group is opened again, so batches are
        # numbered.
        self._numbers[tp.partition] += 1
        message = ConsumerMessage(
            tp.topic,
            tp.partition,
            self._numbers[tp.partition],
            now / 1000,
            0,
            {},
            None,
            pending,  # type: ignore[arg-type]  # raw, so Faust hands on what it gets
            None,
            0,
            0,
            tp,
            generation_id=pending.batch.generation,
        )
        return tp, message

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Any:
        return iter(self.assignment())

    def _new_offset(self, tp: TP) -> int | None:
        if self.held.settings.embedded:
            # A commit that meets a rebalance there makes the client forget who it was, and a ghost joins the group.
            return None
        group = self.held.groups.get(tp.partition)
        return None if group is None or group.position is None else group.position.positions.get(tp.topic)

    async def verify_all_partitions_active(self) -> None:
        """Do nothing: Faust only logs what it takes for a livelock; ``streams.partitions.watchdog`` ends one."""


def _buffers(group: PartitionGroup) -> list[tuple[TopicPartition, InputBuffer]]:
    return [(TopicPartition(buffer.topic, group.partition), buffer) for buffer in group.buffers]


def intake_transport(app: faust.App, brokers: list[str], held: Assignment, lead: str) -> driver.Transport:
    """Return a transport for the app whose consumer is an intake for the groups that are held."""

    class IntakeTransport(driver.Transport):
        Consumer = Intake

        def create_consumer(self, callback: ConsumerCallback, **kwargs: Any) -> ConsumerT:
            consumer: Any = super().create_consumer(callback, **kwargs)
            consumer.held, consumer.lead = held, lead
            consumer.inputs = Inputs(held.settings)
            return cast(ConsumerT, consumer)

    return IntakeTransport([URL(address) for address in brokers], app)
