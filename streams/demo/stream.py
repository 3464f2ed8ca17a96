"""The stream of a demo: the replay and the worker side by side, until every event is decided and mirrored."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import aiohttp
from aiokafka.errors import KafkaError

from schemas.instant import to_text
from streams.demo.places import Places
from streams.demo.processor import Health, Processor
from streams.demo.watch import Watch
from streams.embedded.child_process import ServerError
from streams.replay.replay import Progress, replay
from streams.sources.source import Source

_LOOK_SECONDS = 0.25
_UP_SECONDS = 120.0
_LAG_SECONDS = 3.0  # the worker measures its lag every other second
_ANSWER = aiohttp.ClientTimeout(total=5)


@dataclass(frozen=True, slots=True)
class Took:
    """What was measured: from the first event sent to the last one decided, and the worker's most memory (bytes)."""

    events: int
    seconds: float
    memory: int


@dataclass(slots=True)
class Stream:
    """The parts that play together. ``on_look`` is called whenever the watch shows something new."""

    source: Source
    places: Places
    processor: Processor
    watch: Watch
    on_look: Callable[[], None]
    _held_since: float | None = None
    _written: int = -1

    async def play(self, *, sends: bool) -> Took:
        """Bring everything through; without ``sends`` all of it lies on the topics. Raises ``ServerError``."""
        if not sends:
            self.watch.sent = len(self.source.events)
        async with aiohttp.ClientSession(timeout=_ANSWER) as session:
            await self._until(session, lambda health: health.ready, _UP_SECONDS)
            began, before = time.monotonic(), self.watch.processed
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
                self.watch.counted if before else self.watch.sent,
                time.monotonic() - began,
                self.watch.memory,
            )
            await self._until(session, self.mirrored, None)
            return replace(took, memory=self.watch.memory)

    def decided(self, health: Health) -> bool:
        """Whether every record is committed, and every deadline up to the end of the data has been decided."""
        end = to_text(self.source.events[-1].instant)
        groups = health.partitions.values()
        complete = health.ready and len(groups) == self.places.settings.partitions
        if not (complete and all(it.upto == end and not any(it.lag_records.values()) for it in groups)):
            self._held_since = None
            return False
        now = time.monotonic()
        self._held_since = self._held_since or now
        # A worker that was killed took its count with it. What is left then is the lag, as old as its last measure.
        return self.watch.counted == len(self.source.events) or now - self._held_since > _LAG_SECONDS

    def mirrored(self, health: Health) -> bool:
        """Whether Redis has every customer as of the last commit."""
        mirror = health.mirror
        if mirror is None:
            return True
        # Those that are being written wait no more and are not counted as written yet.
        before, self._written = self._written, mirror.written
        return mirror.connected and not mirror.waiting and mirror.written == before

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
            self.on_look()
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
            self.watch.sent = max(progress.sent + progress.skipped, self.watch.processed)

        try:
            sent(await replay(self.source, self.places.settings, sent))
        except KafkaError as error:
            raise ServerError(f"Kafka at {self.places.settings.broker} does not take the events: {error!r}") from error


def _complain(health: Health) -> None:
    for partition, group in health.partitions.items():
        if group.state == "stopped":
            raise ServerError(f"partition {partition} cannot go on: {group.reason}. Start over with --fresh")
