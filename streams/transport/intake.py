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

from streams.transport.assignment import Assignment
from streams.transport.changelog import truncated
from streams.transport.inputs import Inputs
from streams.transport.lanes import InputLane
from streams.transport.membership import Listener, Membership
from streams.transport.partition_group import Handover, PartitionGroup

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
            handover = group.next_handover(now)
            if handover is not None:
                yield self._message(handover, now)

    def freed(self) -> None:
        """Note that a group's batch has ended: it can have the next one."""
        if self._freed is not None and not self._freed.done():
            self._freed.set_result(None)

    async def perform_seek(self) -> None:
        """Do nothing: the lanes say from where to fetch, never the group's offsets. Those may be old, or anybody's."""

    def ack(self, message: Message) -> bool:
        """Forget a message; the position in the changelog is what acknowledges a batch."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _fetch(self) -> None:
        lanes = {place: lane for group in self._open_groups() for place, lane in _lanes(group)}
        self._go_where_told(lanes)
        free = [place for place, lane in lanes.items() if not lane.full]
        if self._fetching is None and free:
            caught_up = all(lane.caught_up for lane in lanes.values())
            seconds = _POLL_SECONDS if len(free) == len(lanes) else _SHORT_POLL_SECONDS
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
                for lane in lanes.values():
                    lane.astray = True
                if not isinstance(error, KafkaError | TimeoutError):
                    raise
                self.log.warning("fetching failed: %r", error)
                await self.sleep(_FAILED_POLL_SECONDS)

    def _open_groups(self) -> Iterable[PartitionGroup]:
        return [group for group in self.held.groups.values() if group.status.state == "open"]

    def _go_where_told(self, lanes: Mapping[TopicPartition, InputLane]) -> None:
        if set(self.inputs.places()) != set(lanes):
            # What was fetched ahead of the lanes that stay is thrown away, and fetched again: groups change seldom.
            self.inputs.begin({place: lane.next_offset for place, lane in lanes.items()})
        else:
            self.inputs.seek({place: lane.next_offset for place, lane in lanes.items() if lane.astray})
        for lane in lanes.values():
            lane.astray = False

    async def _take_over(self, fetched: Mapping[TopicPartition, Any]) -> None:
        now = int(time.time() * 1000)
        fetching = self.inputs.places()
        # What was fetched from elsewhere says nothing of a lane that was told to go on at another offset.
        expected = [
            (group, place, lane)
            for group in self._open_groups()
            for place, lane in _lanes(group)
            if not lane.astray and place in fetching
        ]
        holes = []
        for group, place, lane in expected:
            if records := fetched.get(place):
                hole = lane.accept(records, now)
                if hole is not None:
                    lane.astray = True
                    holes.append((group, place, lane.topic, hole[0]))
            lane.known_end(self.inputs.end(place))
        for group, place, topic, missing in holes:
            begin = await asyncio.wait_for(self.inputs.first(place), _OFFSET_SECONDS)
            if begin > missing:
                group.stop(truncated(topic, group.partition, missing, begin))
        for _, place, lane in expected:
            if not lane.caught_up and not lane.full and not lane.astray and not fetched.get(place):
                # A transaction's marker at the end of the log is no record, and never comes.
                lane.passed(await asyncio.wait_for(self.inputs.position(place), _OFFSET_SECONDS))

    def _message(self, handover: Handover, now: int) -> tuple[TP, ConsumerMessage]:
        tp = TP(self.lead, handover.batch.partition)
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
            handover,  # type: ignore[arg-type]  # raw, so Faust hands on what it gets
            None,
            0,
            0,
            tp,
            generation_id=handover.batch.generation,
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
        """Do nothing: Faust only logs what it takes for a livelock; ``streams.transport.watchdog`` ends one."""


def _lanes(group: PartitionGroup) -> list[tuple[TopicPartition, InputLane]]:
    return [(TopicPartition(lane.topic, group.partition), lane) for lane in group.lanes]


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
