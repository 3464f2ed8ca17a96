"""An installation of lifestage on a broker: its topics, its workers as processes, and what they published."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas import instant
from state.rules.rulebook import Rulebook
from streams.backtest.backtest import BacktestResult, read_events, run
from streams.embedded.servers import free_port
from streams.settings import Settings
from streams.sources.source import SourceEvent
from streams.topics import create, topics_of

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0


@dataclass
class Worker:
    """One running worker and the port of its web server."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def health(self) -> dict[str, Any] | None:
        """What the worker says of itself; None while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as answer:
                health: dict[str, Any] = json.load(answer)
                return health
        except (OSError, urllib.error.URLError):
            return None


@dataclass
class Installation:
    """Topics under a prefix of their own, and workers that are all ended with the test."""

    settings: Settings
    folder: Path
    embedded: bool
    policy: Path | None = None
    workers: dict[str, Worker] = field(default_factory=dict)

    def start(self, name: str = "one", **variables: str) -> Worker:
        """Start a worker, as a user would."""
        port = free_port()
        settings = self.settings
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LIFESTAGE_BROKER": settings.broker,
            "LIFESTAGE_REDIS_URL": settings.redis_url,
            "LIFESTAGE_APP_ID": settings.app_id,
            "LIFESTAGE_TOPIC_PREFIX": settings.topic_prefix,
            "LIFESTAGE_PARTITIONS": str(settings.partitions),
            "LIFESTAGE_CLOCK": settings.clock,
            "LIFESTAGE_INSTANCE": name,
            "LIFESTAGE_EMBEDDED": "yes" if self.embedded else "no",
            "LIFESTAGE_WEB_PORT": str(port),
            "LIFESTAGE_DATA": str(self.folder / name),
            "LIFESTAGE_SESSION_TIMEOUT": "6",
            **({"LIFESTAGE_POLICY": str(self.policy)} if self.policy else {}),
            **variables,
        }
        path = self.folder / f"{name}.log"
        program = [sys.executable, "-c", "from streams.cli.main import main; main()", "worker"]
        with path.open("ab") as log:
            process = subprocess.Popen(program, env=environment, stdout=log, stderr=log, cwd=self.folder)
        self.workers[name] = Worker(process, port, path)
        return self.workers[name]

    def kill(self, name: str = "one") -> None:
        """SIGKILL."""
        worker = self.workers.pop(name)
        worker.process.kill()
        worker.process.wait()

    def stop(self, name: str = "one") -> int:
        """SIGTERM; returns the exit status."""
        worker = self.workers.pop(name)
        worker.process.send_signal(signal.SIGTERM)
        return worker.process.wait(20)

    async def wait_until_done(self, end: int) -> None:
        """Until all partition groups of all workers together have come to ``end`` without lag."""
        deadline = time.monotonic() + PATIENCE
        seen: list[dict[str, Any] | None] = []
        while time.monotonic() < deadline:
            for worker in self.workers.values():
                assert worker.process.poll() is None, worker.log.read_text()[-3000:]
            seen = [await asyncio.to_thread(worker.health) for worker in self.workers.values()]
            groups = [group for health in seen if health for group in health["partitions"].values()]
            if len(groups) == self.settings.partitions and all(
                group["upto"] is not None
                and instant.from_text(group["upto"]) >= end
                and sum(group["lag_records"].values()) == 0
                for group in groups
            ):
                return
            await asyncio.sleep(0.1)
        logs = "\n".join(worker.log.read_text()[-1500:] for worker in self.workers.values())
        raise AssertionError(f"not done after {PATIENCE} s: {seen}\n{logs}")

    async def progress(self) -> int:
        """How many records the changelog and the transitions hold, aborted ones included."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.settings.broker)
        await consumer.start()
        try:
            topic = topics_of(self.settings).transitions
            places = [TopicPartition(topic, number) for number in range(self.settings.partitions)]
            return sum((await consumer.end_offsets(places)).values())
        finally:
            await consumer.stop()

    async def wait_for_progress(self, beyond: int) -> int:
        """Until more than so many records were published."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            reached = await self.progress()
            if reached > beyond:
                return reached
            await asyncio.sleep(0.05)
        raise AssertionError("nothing more was published")

    async def transitions(self) -> list[bytes]:
        """Every transition's value, read committed, each partition in its order."""
        return [record.value for record in await self.read(topics_of(self.settings).transitions)]

    async def read(self, topic: str) -> list[ConsumerRecord]:
        """A topic from its beginning to its present end, read committed."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.broker,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            places = [TopicPartition(topic, number) for number in range(self.settings.partitions)]
            consumer.assign(places)
            begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
            for place in places:
                consumer.seek(place, begins[place])
            found: list[ConsumerRecord] = []
            while [place for place in places if await consumer.position(place) < ends[place]]:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += records
            return found
        finally:
            await consumer.stop()


@contextmanager
def installation(
    settings: Settings, folder: Path, embedded: bool, policy: Path | None = None
) -> Iterator[Installation]:
    """Make the topics, and end every worker at the end."""
    asyncio.run(create(settings))
    made = Installation(settings, folder, embedded, policy)
    try:
        yield made
    finally:
        for name in list(made.workers):
            made.kill(name)


def backtest(events: Sequence[SourceEvent], until: int, rules: Rulebook) -> BacktestResult:
    """The same events, decided at once."""
    refused: list[bytes] = []
    lines = [(number, event.value) for number, event in enumerate(events)]
    read = read_events(lines, until + 1, rules, refused.append)
    assert refused == []
    return run(read, until, rules)


def by_customer(values: Sequence[bytes]) -> dict[str, list[bytes]]:
    """Values by customer, in their order."""
    found: dict[str, list[bytes]] = {}
    for value in values:
        found.setdefault(json.loads(value)["userId"], []).append(value)
    return found


def told_apart(live: Sequence[bytes], truth: Sequence[bytes]) -> tuple[Counter[bytes], Counter[bytes]]:
    """What is only live, and what is only in the backtest."""
    return Counter(live) - Counter(truth), Counter(truth) - Counter(live)
