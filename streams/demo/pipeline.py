"""The replay and the worker side by side, until every event is decided and every customer is in Redis."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import aiohttp
from aiokafka.errors import KafkaError

from schemas.instant import to_text
from streams.demo.live_progress import LiveProgress
from streams.demo.page_process import PageProcess
from streams.demo.servers import DemoServers
from streams.demo.worker_process import Health, WorkerProcess
from streams.embedded.child_process import ServerError
from streams.replay.replay import Progress, replay
from streams.sources.source import Source

_POLL_SECONDS = 0.25
_START_TIMEOUT_SECONDS = 120.0
_LAG_SECONDS = 3.0  # the worker measures its lag every other second
_HTTP_TIMEOUT = aiohttp.ClientTimeout(total=5)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Events, seconds from the first one sent to the last one decided, and the worker's peak memory (bytes)."""

    events: int
    seconds: float
    memory: int


@dataclass(slots=True)
class Pipeline:
    """The source, the servers, the worker and the page of one run; without a page where nobody could look at it.

    ``on_poll`` is called after each poll of the worker.
    """

    source: Source
    servers: DemoServers
    worker: WorkerProcess
    progress: LiveProgress
    on_poll: Callable[[], None]
    page: PageProcess | None = None
    _idle_since: float | None = None
    _written: int = -1

    async def run(self, *, sends: bool) -> Measurement:
        """Process everything; without ``sends`` all events are on the topics already. Raises ``ServerError``."""
        if not sends:
            self.progress.sent = len(self.source.events)
        async with aiohttp.ClientSession(timeout=_HTTP_TIMEOUT) as session:
            await self._poll_until(session, lambda health: health.ready, _START_TIMEOUT_SECONDS)
            started, processed_before = time.monotonic(), self.progress.processed
            if sends:
                sending = asyncio.create_task(self._send())
                try:
                    await self._poll_until(
                        session, lambda health: sending.done() and self.all_decided(health), None, sending
                    )
                finally:
                    sending.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await sending
            else:
                await self._poll_until(session, self.all_decided, None)
            self.progress.finish()
            measured = Measurement(
                self.progress.counted if processed_before else self.progress.sent,
                time.monotonic() - started,
                self.progress.memory,
            )
            await self._poll_until(session, self.all_mirrored, None)
            return replace(measured, memory=self.progress.memory)

    def all_decided(self, health: Health) -> bool:
        """Return whether every record is committed and every deadline up to the end of the data is decided."""
        end = to_text(self.source.events[-1].instant)
        groups = health.partitions.values()
        complete = health.ready and len(groups) == self.servers.settings.partitions
        if not (complete and all(it.upto == end and not any(it.lag_records.values()) for it in groups)):
            self._idle_since = None
            return False
        now = time.monotonic()
        self._idle_since = self._idle_since or now
        # A killed worker's count is lost. Then a lag of 0 is enough, if it has held for longer than the lag is old.
        return self.progress.counted == len(self.source.events) or now - self._idle_since > _LAG_SECONDS

    def all_mirrored(self, health: Health) -> bool:
        """Return whether Redis has every customer as of the last commit."""
        mirror = health.mirror
        if mirror is None:
            return True
        # Customers in a request to Redis are neither waiting nor written: two equal counts mean that there are none.
        before, self._written = self._written, mirror.written
        return mirror.connected and not mirror.waiting and mirror.written == before

    async def supervise(self) -> None:
        """Check the servers and restart the worker when needed, until cancelled."""
        while True:
            self._check()
            await asyncio.sleep(_POLL_SECONDS)

    async def _poll_until(
        self,
        session: aiohttp.ClientSession,
        reached: Callable[[Health], bool],
        timeout: float | None,
        sending: "asyncio.Task[None] | None" = None,
    ) -> None:
        started = time.monotonic()
        while True:
            self._check()
            if sending is not None and sending.done():
                sending.result()
            status = await self.worker.status(session)
            self.progress.show(status, self.worker.pid)
            self.on_poll()
            if status is not None:
                _raise_if_stopped(status.health)
                if reached(status.health):
                    return
            if timeout is not None and time.monotonic() - started > timeout:
                raise ServerError(f"the worker is not ready after {timeout:.0f} s. {self.worker.log_tail()}")
            await asyncio.sleep(_POLL_SECONDS)

    def _check(self) -> None:
        self.servers.check()
        ended = self.worker.pid
        how = self.worker.restart_if_ended()
        if how is not None:
            self.progress.print_line(
                f"  the worker (process {ended}) was ended {how}; "
                f"process {self.worker.pid} takes over from the last commit"
            )
        if self.page is not None and (told := self.page.restart_if_ended()) is not None:
            self.progress.print_line(f"  {told}")

    async def _send(self) -> None:
        def on_progress(progress: Progress) -> None:
            self.progress.sent = max(progress.sent + progress.skipped, self.progress.processed)

        try:
            on_progress(await replay(self.source, self.servers.settings, on_progress))
        except KafkaError as error:
            raise ServerError(f"Kafka at {self.servers.settings.broker} does not take the events: {error!r}") from error


def _raise_if_stopped(health: Health) -> None:
    for partition, group in health.partitions.items():
        if group.state == "stopped":
            raise ServerError(f"partition {partition} cannot go on: {group.reason}. Start over with --fresh")
