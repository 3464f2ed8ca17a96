"""The intake: fetches the input topics, merges them by group, and hands batches to the agent."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, cast

import faust
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message
from faust.types.transports import ConsumerCallback, ConsumerT
from yarl import URL

from streams.transport.assignment import Assignment
from streams.transport.changelog import truncated
from streams.transport.lanes import InputLane
from streams.transport.partition_group import Handover, PartitionGroup

_POLL_SECONDS = 0.25
_SHORT_POLL_SECONDS = 0.02
_CAUGHT_UP_WAIT_MS = 500
_BEHIND_WAIT_MS = 10
_OFFSET_SECONDS = 5.0
_FAILED_POLL_SECONDS = 1.0


class FetchThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, reading only what was committed."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust asks for it only with its own exactly_once. A producer of input may use transactions.
        consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    def highwater(self, tp: TP) -> int:
        """Return the offset up to which records can be read now, 0 while that is not known."""
        # Not through the client's own questions: they fail when a rebalance, in its own thread, comes in between.
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001
        assignment = None if subscription is None else subscription.assignment
        state = None if assignment is None else assignment.state_value(tp)
        if state is None:
            return 0
        stable: int | None = state.lso
        return (state.highwater or 0) if stable is None or stable < 0 else stable

    def let_wait(self, milliseconds: int) -> None:
        """Say how long the broker may hold a fetch that finds nothing.

        While records of some topics wait in the client to be taken, it asks for the other topics alone, and for
        nothing else until that is answered: with what Faust sets, those that hold more would stand still for 1.5 s.
        """
        self._ensure_consumer()._fetcher._fetch_max_wait_ms = milliseconds  # noqa: SLF001

    async def rewind(self, offsets: Mapping[TP, int]) -> None:
        """Fetch on from these offsets; in the thread, since the fetch at work there does not expect a guest."""
        await self.call_thread(self._rewind, offsets)

    async def _rewind(self, offsets: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        for tp, offset in offsets.items():
            if tp in consumer.assignment():
                consumer.seek(tp, offset)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        consumer = self._ensure_consumer()
        subscription = consumer._subscription  # noqa: SLF001
        if subscription.reassignment_in_progress:
            # It would wait behind the request to join, come to the broker with a generation that has passed, and its
            # refusal would make the client join once more: with all the others, and for ever.
            return False
        # Only lag tools read these offsets: failing to write them must not crash the thread, as Faust would.
        try:
            await consumer.commit({driver.ensure_aiokafka_TP(tp): at for tp, at in offsets.items()})
        except KafkaError as error:
            self.log.info("group offsets not written: %r", error)
            return False
        return True


class Intake(driver.Consumer):
    """Faust's consumer, which yields one message a batch instead of one a record."""

    held: Assignment
    lead: str
    """The topic in whose name batches are handed over."""
    _thread: FetchThread
    _fetching: "asyncio.Future[Any] | None" = None
    _freed: "asyncio.Future[None] | None" = None
    _number = 0

    def _new_consumer_thread(self) -> FetchThread:
        return FetchThread(self, loop=self.loop, beacon=self.beacon)

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

    async def rewind(self, group: PartitionGroup) -> None:
        """Fetch a group's records on from where its lanes stand."""
        await self._thread.rewind({TP(lane.topic, group.partition): lane.next_offset for lane in group.lanes})

    async def perform_seek(self) -> None:
        """Seek to the positions of the groups, never to the group's offsets: those may be old, or anybody's."""
        for group in self.held.groups.values():
            await self.rewind(group)

    def ack(self, message: Message) -> bool:
        """Forget a message; the position in the changelog is what acknowledges a batch."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _fetch(self) -> None:
        wanted = {TP(lane.topic, group.partition): lane for group in self._open_groups() for lane in group.lanes}
        free = {tp for tp, lane in wanted.items() if not lane.full}
        if self._fetching is None and free:
            caught_up = all(lane.caught_up for lane in wanted.values())
            self._thread.let_wait(_CAUGHT_UP_WAIT_MS if caught_up else _BEHIND_WAIT_MS)
            timeout = _POLL_SECONDS if len(free) == len(wanted) else _SHORT_POLL_SECONDS
            self._fetching = asyncio.ensure_future(self._getmany(free, timeout))
        self._freed = self.loop.create_future()
        waited = {self._freed} if self._fetching is None else {self._freed, self._fetching}
        await asyncio.wait(waited, timeout=2 * _POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if self._fetching is not None and self._fetching.done():
            fetched, self._fetching = self._fetching, None
            try:
                await self._take_over(fetched.result())
            except (KafkaError, TimeoutError) as error:
                self.log.warning("fetching failed: %r", error)
                await self.sleep(_FAILED_POLL_SECONDS)

    def _open_groups(self) -> Iterable[PartitionGroup]:
        return [group for group in self.held.groups.values() if group.status.state == "open"]

    async def _take_over(self, fetched: Mapping[TP, Any]) -> None:
        now = int(time.time() * 1000)
        assigned = self.assignment()
        for group in self._open_groups():
            for lane in group.lanes:
                tp = TP(lane.topic, group.partition)
                if tp not in assigned:
                    continue
                if records := fetched.get(tp):
                    hole = lane.accept(records, now)
                    if hole is not None:
                        await self._look_again(group, lane, hole[0])
                lane.known_end(self.highwater(tp))
                if not lane.caught_up and not lane.full and not fetched.get(tp):
                    await self._look_for_end(lane, tp)

    async def _look_again(self, group: PartitionGroup, lane: InputLane, missing: int) -> None:
        tp = TP(lane.topic, group.partition)
        begin = (await asyncio.wait_for(self.earliest_offsets(tp), _OFFSET_SECONDS))[tp]
        if begin > missing:
            group.stop(truncated(lane.topic, group.partition, missing, begin))
        else:
            await self._thread.rewind({tp: missing})

    async def _look_for_end(self, lane: InputLane, tp: TP) -> None:
        # A transaction's marker at the end of the log is no record, and never comes.
        position = await asyncio.wait_for(self.position(tp), _OFFSET_SECONDS)
        if position is not None:
            lane.passed(position)

    def _message(self, handover: Handover, now: int) -> tuple[TP, ConsumerMessage]:
        tp = TP(self.lead, handover.batch.partition)
        # Faust wants offsets that rise. The real ones go back when a group is opened again, so batches are numbered.
        self._number += 1
        message = ConsumerMessage(
            tp.topic,
            tp.partition,
            self._number,
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


def intake_transport(app: faust.App, brokers: list[str], held: Assignment, lead: str) -> driver.Transport:
    """Return a transport for the app whose consumer is an intake for the groups that are held."""

    class IntakeTransport(driver.Transport):
        Consumer = Intake

        def create_consumer(self, callback: ConsumerCallback, **kwargs: Any) -> ConsumerT:
            consumer: Any = super().create_consumer(callback, **kwargs)
            consumer.held, consumer.lead = held, lead
            return cast(ConsumerT, consumer)

    return IntakeTransport([URL(address) for address in brokers], app)
