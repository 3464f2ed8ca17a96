"""The workers of a run: real processes, each watched through its pages over HTTP."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from schemas.instant import from_text
from streams.embedded.ports import HOST
from streams.settings import Settings
from tests.support.workers import LIFESTAGE, WORKER, Worker, environment

_LOOK_SECONDS = 0.2
_EVENTS = re.compile(r"^lifestage_events_total\{[^}]*\} ([\d.e+]+)$", re.MULTILINE)


@dataclass
class FleetWorker(Worker):
    """A worker that is asked again and again.

    ``last_health`` is its last answer from ``/health``, ``counted`` how many events it has committed.
    """

    last_health: dict[str, Any] = field(default_factory=dict)
    counted: float = 0.0
    expected_to_end: bool = False


class Fleet:
    """Starts and ends workers, and knows how far they have come."""

    def __init__(self, settings: Settings, folder: Path, command: Sequence[str] | None = None) -> None:
        self.settings = settings
        self.workers: dict[str, FleetWorker] = {}
        self.processed = 0.0
        """Events committed by all workers together, of which they could still tell."""
        self.unexpected: list[str] = []
        self._folder = folder
        self._command = command or WORKER

    def start(
        self, instance: str, *, full_disk: bool = False, command: Sequence[str] | None = None, **variables: str
    ) -> FleetWorker:
        """Start a worker, by another ``command`` than the fleet's if need be, in the place of one of the same name."""
        before = self.workers.get(instance)
        if before is not None and before.alive:
            self.kill(before)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        if full_disk:
            (self._folder / instance).mkdir(exist_ok=True)
            # A child inherits it; whatever it writes to a file then fails as on a full disk.
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        # A log on a full disk is the end of Faust's own messages; that one writes it elsewhere.
        log = Path(os.devnull) if full_disk else None
        try:
            worker = FleetWorker.start(self.settings, self._folder, instance, command or self._command, variables, log)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        self.workers[instance] = worker
        return worker

    def log_of(self, instance: str) -> Path:
        return self._folder / f"{instance}.log"

    def alive(self) -> list[FleetWorker]:
        return [worker for worker in self.workers.values() if worker.alive and not worker.expected_to_end]

    def kill(self, worker: FleetWorker) -> None:
        """End it by SIGKILL, from outside."""
        worker.expected_to_end = True
        worker.process.kill()
        worker.process.wait()

    async def terminate(self, worker: FleetWorker, seconds: float = 10.0) -> tuple[int, float]:
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

    async def ended(self, worker: FleetWorker, seconds: float) -> bool:
        """Wait for a worker to end by itself."""
        worker.expected_to_end = True
        deadline = time.monotonic() + seconds
        while worker.alive and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return not worker.alive

    async def watch(self) -> None:
        """Poll all workers for ever, and restart one that ended unasked."""
        timeout = aiohttp.ClientTimeout(total=2)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                for worker in list(self.workers.values()):
                    if not worker.alive and not worker.expected_to_end:
                        self._replace(worker)
                await asyncio.gather(*(self._ask(session, worker) for worker in self.workers.values() if worker.alive))
                await asyncio.sleep(_LOOK_SECONDS)

    async def command(self, *words: str) -> tuple[int, str]:
        """Run a command of the product in the workers' environment; returns its exit code and output."""
        process = await asyncio.create_subprocess_exec(
            *LIFESTAGE,
            *words,
            env=environment(self.settings),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode(errors="replace")

    def covered(self, since: float, without: Collection[int] = ()) -> bool:
        """Whether every partition is at work at a live worker that has passed an instant (seconds since 1970)."""
        at_work = set()
        for worker in self.alive():
            for partition, group in worker.last_health.get("partitions", {}).items():
                upto = group["upto"]
                if group["state"] == "open" and upto is not None and _seconds(upto) >= since:
                    at_work.add(int(partition))
        return at_work == set(range(self.settings.partitions)) - set(without)

    def stopped(self) -> Mapping[int, str]:
        """The partitions that are stopped until a person decides, and their reasons."""
        groups = [group for worker in self.alive() for group in worker.last_health.get("partitions", {}).items()]
        return {int(partition): group["reason"] for partition, group in groups if group["state"] == "stopped"}

    def ready(self) -> bool:
        """Whether every worker processes all partitions that it was assigned."""
        return all(worker.last_health.get("ready") for worker in self.alive())

    def lag(self) -> int:
        """Records that wait at the workers, as they say."""
        return sum(worker.last_health.get("lag_records", 0) for worker in self.alive())

    def mirror_waits(self) -> int:
        """Customers that are not yet copied to Redis; many while it is away."""
        mirrors = [worker.last_health.get("mirror") for worker in self.alive()]
        return sum(it["waiting"] if it["connected"] else 1_000_000 for it in mirrors if it)

    def states(self) -> Mapping[str, object]:
        """For a person: who has what."""
        return {
            worker.instance: {
                partition: f"{group['state']} {group['upto']} {group['reason']}".strip()
                for partition, group in worker.last_health.get("partitions", {}).items()
            }
            for worker in self.alive()
        }

    def _replace(self, worker: FleetWorker) -> None:
        last = self.log_of(worker.instance).read_text(errors="replace").strip().splitlines()[-1:]
        self.unexpected.append(f"{worker.instance} ended with {worker.process.returncode}: {' '.join(last)[:300]}")
        print(f"  !! {self.unexpected[-1]}", flush=True)
        self.start(worker.instance)

    async def _ask(self, session: aiohttp.ClientSession, worker: FleetWorker) -> None:
        address = f"http://{HOST}:{worker.port}"
        try:
            async with session.get(f"{address}/health") as answer:
                worker.last_health = await answer.json()
            async with session.get(f"{address}/metrics") as answer:
                counted = sum(float(number) for number in _EVENTS.findall(await answer.text()))
        except (aiohttp.ClientError, TimeoutError, OSError):
            return
        self.processed += max(0.0, counted - worker.counted)
        worker.counted = counted


@asynccontextmanager
async def fleet(settings: Settings, folder: Path, command: Sequence[str] | None = None) -> AsyncIterator[Fleet]:
    """A fleet that is watched within the block, and gone after it."""
    made = Fleet(settings, folder, command)
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
    return from_text(text) / 1000
