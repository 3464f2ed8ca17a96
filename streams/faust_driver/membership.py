"""The membership: what is left to Faust's consumer thread, which keeps the worker in its consumer group."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from streams.fatal import end_process
from streams.faust_driver import private
from streams.refusal import RefusedError

_POLL_SECONDS = 30.0
_LEAVE_SECONDS = 3.0


class Listener(driver.ConsumerRebalanceListener):
    """The listener that receives an assignment before the client begins to fetch what is assigned."""

    _thread: "Membership"

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> Coroutine[Any, Any, None]:
        """Pause the input topics, which another client reads in batches, and notify Faust."""
        partitions = list(assigned)
        self._thread.pause([it for it in partitions if not self._thread.is_ordinary(it)])
        return super().on_partitions_assigned(partitions)


class Membership(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread: it joins, sends heartbeats, commits offsets, and fetches for ordinary agents only."""

    is_ordinary: Callable[[Any], bool]
    """Says of a partition whether an ordinary agent reads it, one record a message."""
    refused: Callable[[BaseException], RefusedError | None]
    """Says of an error which right is missing, None if it is another."""

    async def crash(self, exc: BaseException) -> None:
        """End the process with a sentence if Kafka takes its rights away; any other error is Faust's."""
        refused = self.refused(exc)
        if refused is not None:
            end_process(str(refused))
        await super().crash(exc)

    def pause(self, partitions: Iterable[Any]) -> None:
        """Fetch nothing of these partitions."""
        self._ensure_consumer().pause(*partitions)

    @Service.task
    async def _poll(self) -> None:
        # The client takes a worker that does not poll for dead, and leaves the group.
        async for _ in self.itertimer(_POLL_SECONDS, name="membership"):
            consumer = self._ensure_consumer()
            # Partitions that have records for an ordinary agent are polled by the consumer; here they would be lost.
            paused = [it for it in consumer.assignment() if not self.is_ordinary(it)]
            if paused or not consumer.assignment():
                await consumer.getmany(*paused)

    def close(self) -> None:
        """Do nothing: the client's sockets live in this thread, which closes them when it stops.

        Faust would close them from the app's thread, when a rebalance meets a worker that is stopping.
        """

    async def on_thread_stop(self) -> None:
        """Leave the group; give up after 3 s if a rebalance never completes."""
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await super().on_thread_stop()
        except TimeoutError:
            self.log.warning("the group did not answer within %.0f s: ended without leaving it", _LEAVE_SECONDS)

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        private.read_committed_only(consumer)
        return consumer

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        consumer = self._ensure_consumer()
        if private.is_rejoining(consumer):
            # The commit would wait behind the request to join and reach the broker with an old generation. Its refusal
            # would make the client, and with it all other members, join once more, without end.
            return False
        # Lag tools and ordinary agents read these offsets, and both can live with older ones: failing to write them
        # must not crash the thread, as it would in Faust.
        try:
            await consumer.commit({driver.ensure_aiokafka_TP(tp): at for tp, at in offsets.items()})
        except KafkaError as error:
            self.log.info("offsets not committed: %r", error)
            return False
        return True
