"""The workers of a run: real processes, each watched through what it says of itself over HTTP."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from streams.embedded.child_process import start as start_child
from streams.embedded.servers import HOST, free_port
from streams.settings import Settings

ROOT = Path(__file__).parents[2]
SESSION_SECONDS = 6.0
_LOOK_SECONDS = 0.2
_EVENTS = re.compile(r"^lifestage_events_total\{[^}]*\} ([\d.e+]+)$", re.MULTILINE)
_PROGRAM = "from streams.cli.main import main; main()"


@dataclass
class Worker:
    """One worker process; ``health`` is what it last said, ``counted`` how many events it has committed."""

    instance: str
    process: subprocess.Popen[bytes]
    port: int
    health: dict[str, Any] = field(default_factory=dict)
    asked: float = 0.0
    counted: float = 0.0
    expected_to_end: bool = False

    @property
    def alive(self) -> bool:
        return self.process.poll() is None


class Fleet:
    """Starts and ends workers, and knows how far they have come."""

    def __init__(self, settings: Settings, policy: Path, folder: Path, command: list[str] | None = None) -> None:
        self.settings = settings
        self.workers: dict[str, Worker] = {}
        self.processed = 0.0
        """Events committed by all workers together, of which they could still tell."""
        self.unexpected: list[str] = []
        self._folder = folder
        self._lifestage = [sys.executable, "-c", _PROGRAM]
        self._command = command or [*self._lifestage, "worker"]
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LIFESTAGE_BROKER": settings.broker,
            "LIFESTAGE_REDIS_URL": settings.redis_url,
            "LIFESTAGE_APP_ID": settings.app_id,
            "LIFESTAGE_TOPIC_PREFIX": settings.topic_prefix,
            "LIFESTAGE_PARTITIONS": str(settings.partitions),
            "LIFESTAGE_REPLICATION": str(settings.replication),
            "LIFESTAGE_POLICY": str(policy),
            "LIFESTAGE_EMBEDDED": "yes" if settings.embedded else "no",
            "LIFESTAGE_SESSION_TIMEOUT": str(SESSION_SECONDS),
        }

    def start(self, instance: str, *, full_disk: bool = False, **variables: str) -> Worker:
        """Start a worker, in the place of its predecessor of the same name."""
        before = self.workers.get(instance)
        if before is not None and before.alive:
            self.kill(before)
        port = free_port()
        environment = {
            **self._environment,
            "LIFESTAGE_INSTANCE": instance,
            "LIFESTAGE_WEB_PORT": str(port),
            "LIFESTAGE_DATA": str(self._folder / instance),
            **variables,
        }
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        # A log on a full disk is the end of Faust's own messages; that one writes it elsewhere.
        with (Path(os.devnull) if full_disk else self.log_of(instance)).open("ab") as log:
            if full_disk:
                (self._folder / instance).mkdir(exist_ok=True)
                # A child inherits it; whatever it writes to a file then fails as on a full disk.
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
            try:
                process = start_child(self._command, output=log, environment=environment)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        self.workers[instance] = Worker(instance, process, port)
        return self.workers[instance]

    def log_of(self, instance: str) -> Path:
        return self._folder / f"{instance}.log"

    def alive(self) -> list[Worker]:
        return [worker for worker in self.workers.values() if worker.alive and not worker.expected_to_end]

    def kill(self, worker: Worker) -> None:
        """End it by SIGKILL, from outside."""
        worker.expected_to_end = True
        worker.process.kill()
        worker.process.wait()

    async def terminate(self, worker: Worker, seconds: float = 10.0) -> tuple[int, float]:
        """End it by SIGTERM; returns its exit code and how long it took."""
        worker.expected_to_end = True
        began = time.monotonic()
        worker.process.terminate()
        try:
            code = await asyncio.to_thread(worker.process.wait, seconds)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            code = worker.process.wait()
        return code, time.monotonic() - began

    async def ended(self, worker: Worker, seconds: float) -> bool:
        """Wait for a worker to end by itself."""
        worker.expected_to_end = True
        deadline = time.monotonic() + seconds
        while worker.alive and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return not worker.alive

    async def watch(self) -> None:
        """Ask all workers for ever; one that ended though nobody asked it to is started again."""
        timeout = aiohttp.ClientTimeout(total=2)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                for worker in list(self.workers.values()):
                    if not worker.alive and not worker.expected_to_end:
                        self._replace(worker)
                await asyncio.gather(*(self._ask(session, worker) for worker in self.workers.values() if worker.alive))
                await asyncio.sleep(_LOOK_SECONDS)

    async def command(self, *words: str) -> tuple[int, str]:
        """Run a command of the product in the workers' environment; returns its exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *self._lifestage,
            *words,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode(errors="replace")

    def covered(self, since: float, without: int | None = None) -> bool:
        """Whether every partition is at work at a live worker that has passed an instant (seconds since 1970)."""
        at_work = set()
        for worker in self.alive():
            for partition, group in worker.health.get("partitions", {}).items():
                upto = group["upto"]
                if group["state"] == "open" and upto is not None and _seconds(upto) >= since:
                    at_work.add(int(partition))
        return at_work == set(range(self.settings.partitions)) - {without}

    def stopped(self) -> Mapping[int, str]:
        """The partitions that wait for a person, and what they say."""
        groups = [group for worker in self.alive() for group in worker.health.get("partitions", {}).items()]
        return {int(partition): group["reason"] for partition, group in groups if group["state"] == "stopped"}

    def ready(self) -> bool:
        """Whether every worker has what it was assigned at work."""
        return all(worker.health.get("ready") for worker in self.alive())

    def lag(self) -> int:
        """Records that wait at the workers, as they say."""
        return sum(worker.health.get("lag_records", 0) for worker in self.alive())

    def mirror_waits(self) -> int:
        """Customers that are not yet copied to Redis; many while it is away."""
        mirrors = [worker.health.get("mirror") for worker in self.alive()]
        return sum(it["waiting"] if it["connected"] else 1_000_000 for it in mirrors if it)

    def states(self) -> Mapping[str, object]:
        """For a person: who has what."""
        return {
            worker.instance: {
                partition: f"{group['state']} {group['upto']} {group['reason']}".strip()
                for partition, group in worker.health.get("partitions", {}).items()
            }
            for worker in self.alive()
        }

    def _replace(self, worker: Worker) -> None:
        last = self.log_of(worker.instance).read_text(errors="replace").strip().splitlines()[-1:]
        self.unexpected.append(f"{worker.instance} ended with {worker.process.returncode}: {' '.join(last)[:300]}")
        print(f"  !! {self.unexpected[-1]}", flush=True)
        self.start(worker.instance)

    async def _ask(self, session: aiohttp.ClientSession, worker: Worker) -> None:
        address = f"http://{HOST}:{worker.port}"
        try:
            async with session.get(f"{address}/health") as answer:
                worker.health = await answer.json()
            async with session.get(f"{address}/metrics") as answer:
                counted = sum(float(number) for number in _EVENTS.findall(await answer.text()))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return
        worker.asked = time.time()
        self.processed += max(0.0, counted - worker.counted)
        worker.counted = counted


@asynccontextmanager
async def fleet(
    settings: Settings, policy: Path, folder: Path, command: list[str] | None = None
) -> AsyncIterator[Fleet]:
    """A fleet that is watched within the block, and gone after it."""
    made = Fleet(settings, policy, folder, command)
    watching = asyncio.create_task(made.watch())
    try:
        yield made
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        for worker in made.workers.values():
            if worker.alive:
                worker.process.send_signal(signal.SIGCONT)
                worker.process.kill()
                worker.process.wait()


def _seconds(text: str) -> float:
    from schemas.instant import from_text

    return from_text(text) / 1000
