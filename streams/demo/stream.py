"""The stream of a demo: the replay and the worker side by side, until every event is decided and mirrored."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import aiohttp
from aiokafka.errors import KafkaError

from schemas.instant import to_text
from streams.child_process import ServerError
from streams.demo.places import Places
from streams.demo.processor import Health, Processor
from streams.demo.watch import Watch
from streams.replay import Progress, replay
from streams.sources.source import Source

_LOOK_SECONDS = 0.25
_UP_SECONDS = 120.0
_ANSWER = aiohttp.ClientTimeout(total=5)


@dataclass(frozen=True, slots=True)
class Took:
    """What was measured: from the first event sent to the last one decided, and the worker's most memory (bytes)."""

    events: int
    seconds: float
    memory: int


@dataclass(slots=True)
class Stream:
    """The parts that play together. ``on_sent`` hears how far the replay has come."""

    source: Source
    places: Places
    processor: Processor
    watch: Watch
    on_sent: Callable[[Progress], None]

    async def play(self, *, sends: bool) -> Took:
        """Bring everything through; without ``sends`` all of it lies on the topics. Raises ``ServerError``."""
        if not sends:
            self.watch.sent = self.watch.before = len(self.source.events)
        async with aiohttp.ClientSession(timeout=_ANSWER) as session:
            await self._until(session, lambda health: health.ready, _UP_SECONDS)
            began = time.monotonic()
            if sends:
                sending = asyncio.create_task(self._send())
                try:
                    await self._until(session, lambda health: sending.done() and self.decided(health), None, sending)
                finally:
                    sending.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await sending
            else:
                await self._until(session, self.decided, None)
            self.watch.finish()
            took = Took(
                self.watch.counted if self.watch.before else self.watch.sent,
                time.monotonic() - began,
                self.watch.memory,
            )
            await self._until(session, mirrored, None)
            return replace(took, memory=self.watch.memory)

    def decided(self, health: Health) -> bool:
        """Whether every record is committed, and every deadline up to the end of the data has been decided."""
        end = to_text(self.source.events[-1].instant)
        groups = health.partitions.values()
        complete = len(groups) == self.places.settings.partitions
        return health.ready and complete and all(it.upto == end and not any(it.lag_records.values()) for it in groups)

    async def stay(self) -> None:
        """Look after the servers and the worker for ever."""
        while True:
            self._look_after()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _until(
        self,
        session: aiohttp.ClientSession,
        enough: Callable[[Health], bool],
        patience: float | None,
        sending: "asyncio.Task[None] | None" = None,
    ) -> None:
        began = time.monotonic()
        while True:
            self._look_after()
            if sending is not None and sending.done():
                sending.result()
            look = await self.processor.look(session)
            self.watch.show(look, self.processor.pid)
            if look is not None:
                _complain(look.health)
                if enough(look.health):
                    return
            if patience is not None and time.monotonic() - began > patience:
                raise ServerError(f"the worker is not ready after {patience:.0f} s. {self.processor.last_words()}")
            await asyncio.sleep(_LOOK_SECONDS)

    def _look_after(self) -> None:
        self.places.check()
        killed = self.processor.pid
        how = self.processor.revive()
        if how is not None:
            self.watch.say(
                f"  the worker (process {killed}) was ended {how}; "
                f"process {self.processor.pid} takes over from the last commit"
            )

    async def _send(self) -> None:
        def sent(progress: Progress) -> None:
            self.watch.sent = progress.sent + progress.skipped
            self.watch.before = progress.skipped
            self.on_sent(progress)

        try:
            sent(await replay(self.source, self.places.settings, sent))
        except KafkaError as error:
            raise ServerError(f"Kafka at {self.places.settings.broker} does not take the events: {error!r}") from error


def mirrored(health: Health) -> bool:
    """Whether Redis has every customer as of the last commit."""
    mirror = health.mirror
    return mirror is None or (mirror.connected and not mirror.waiting)


def _complain(health: Health) -> None:
    for partition, group in health.partitions.items():
        if group.state == "stopped":
            raise ServerError(f"partition {partition} cannot go on: {group.reason}. Start over with --fresh")
