"""The demo's worker: a separate process that is polled, and restarted when it was killed."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from streams.embedded.child_process import ServerError, start, stop

COMMAND = (sys.executable, "-c", "from streams.cli.main import main; main()", "worker")
_MAX_RESTARTS = 5
_LOG_TAIL_LINES = 12
_GRACE_SECONDS = 20.0


class GroupHealth(msgspec.Struct):
    """A partition group in ``/health``."""

    state: str
    reason: str
    upto: str | None
    lag_records: dict[str, int]


class MirrorHealth(msgspec.Struct):
    """The Redis mirror in ``/health``."""

    connected: bool
    waiting: int
    written: int
    trouble: str


class TallyHealth(msgspec.Struct):
    """What the worker has read, in ``/health``."""

    duplicates: int


class Health(msgspec.Struct):
    """The answer of ``/health``."""

    ready: bool
    customers: dict[str, int]
    tally: TallyHealth
    lag_records: int
    partitions: dict[str, GroupHealth]
    mirror: MirrorHealth | None


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """The worker's health, the events that this process has read since its start, and its memory in bytes."""

    health: Health
    events: int
    memory: int


class WorkerProcess:
    """The worker process for the length of a block.

    Raises ``ServerError`` with the end of its log when it does not start, or ends again and again.
    """

    def __init__(self, environment: Mapping[str, str], url: str, log: Path) -> None:
        self.url = url
        self.log = log
        self.restarts = 0
        self._environment = environment
        self._restarts_since_ready = 0
        self._was_ready = False

    def __enter__(self) -> "WorkerProcess":
        self._output = self.log.open("ab")
        self._child = self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        stop(self._child, _GRACE_SECONDS)
        self._output.close()

    @property
    def pid(self) -> int:
        """The process id of the worker that runs now."""
        return self._child.pid

    def restart_if_ended(self) -> str | None:
        """Start the worker again if it has ended, and return how it ended; None while it runs."""
        code = self._child.poll()
        if code is None:
            return None
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"
        self._restarts_since_ready += 1
        if (code >= 0 and not self._was_ready) or self._restarts_since_ready > _MAX_RESTARTS:
            raise ServerError(f"the worker ended {how}. {self.log_tail()}")
        self.restarts += 1
        self._child = self._start()
        return how

    async def status(self, session: aiohttp.ClientSession) -> WorkerStatus | None:
        """Fetch the worker's health and metrics; None when it does not answer."""
        with suppress(aiohttp.ClientError, TimeoutError):
            async with session.get(f"{self.url}/health", raise_for_status=True) as answer:
                health = msgspec.json.decode(await answer.read(), type=Health)
            async with session.get(f"{self.url}/metrics", raise_for_status=True) as answer:
                samples = _samples(await answer.text())
            if health.ready:
                self._was_ready = True
                self._restarts_since_ready = 0
            return WorkerStatus(
                health, int(samples["lifestage_events_total"]), int(samples["process_resident_memory_bytes"])
            )
        return None

    def log_tail(self) -> str:
        """Return the end of the worker's log, for a message."""
        lines = self.log.read_text("utf-8", "replace").splitlines()[-_LOG_TAIL_LINES:]
        return f"Its log is {self.log} and ends with:\n" + "\n".join(f"  {line}" for line in lines)

    def _start(self) -> subprocess.Popen[bytes]:
        return start(COMMAND, output=self._output, environment=self._environment)


def _samples(text: str) -> dict[str, float]:
    found = {"lifestage_events_total": 0.0, "process_resident_memory_bytes": 0.0}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in found:
                found[sample.name] += sample.value
    return found
