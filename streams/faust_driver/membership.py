"""Membership: what Faust's consumer thread is left with, to keep the worker in its group."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

_ASK_SECONDS = 30.0
_LEAVE_SECONDS = 5.0


class Listener(driver.ConsumerRebalanceListener):
    """Hears of assignments before the client begins to fetch what is assigned."""

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> Coroutine[Any, Any, None]:
        """Pause all of it, and tell Faust."""
        self._thread._ensure_consumer().pause(*assigned)  # noqa: SLF001
        return super().on_partitions_assigned(assigned)


class Membership(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, which joins, sends heartbeats, writes the group's offsets, and fetches nothing."""

    @Service.task
    async def _ask(self) -> None:
        # The client takes a worker that asks for no records for dead, and leaves the group.
        async for _ in self.itertimer(_ASK_SECONDS, name="membership"):
            await self._ensure_consumer().getmany()

    def close(self) -> None:
        """Do nothing: the client's sockets live in this thread, which closes them when it stops.

        Faust would close them from the app's thread, when a rebalance meets a worker that is stopping.
        """

    async def on_thread_stop(self) -> None:
        """Leave the group; without a word, should the broker keep us waiting for members that do not come."""
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await super().on_thread_stop()
        except TimeoutError:
            self.log.warning("the group did not answer within %.0f s: ended without leaving it", _LEAVE_SECONDS)

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
