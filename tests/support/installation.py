"""An installation of lifestage on a broker: its topics, its workers as processes, and what they published."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import instant
from streams.settings import Settings
from streams.topics import create, topics_of
from tests.support.programs import ROOT
from tests.support.topics import read
from tests.support.waiting import PATIENCE, until
from tests.support.workers import SESSION_SECONDS, WORKER, Worker


def settings_for(broker: str, prefix: str, **others: Any) -> Settings:
    """Return settings under a prefix that nobody else has; without Redis, and dead workers are noticed soon."""
    named: dict[str, Any] = {"app_id": f"{prefix}app", "topic_prefix": prefix}
    return Settings(broker=broker, **{"redis_url": "", "session_timeout": SESSION_SECONDS, **named, **others})


def policy_without_occasions(folder: Path) -> Path:
    """Write the policy that ships, but with every order an occasion of its own: tests order twice within seconds."""
    policy = folder / "policy.toml"
    shipped = (ROOT / "policies/default.toml").read_text("utf-8")
    assert "\noccasion_days = 1\n" in shipped
    policy.write_text(shipped.replace("\noccasion_days = 1\n", "\noccasion_days = 0\n"), "utf-8")
    return policy


@dataclass
class Installation:
    """Topics under a prefix of their own, and workers that are all ended with the test."""

    settings: Settings
    folder: Path
    command: Sequence[str] = WORKER
    variables: Mapping[str, str] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)

    def start(self, name: str = "one", **variables: str) -> Worker:
        """Start a worker, as a user would; one of the same name must have ended."""
        given = {**self.variables, **variables}
        self.workers[name] = Worker.start(self.settings, self.folder, name, self.command, given)
        return self.workers[name]

    def kill(self, name: str = "one") -> None:
        """End a worker by SIGKILL."""
        worker = self.workers.pop(name)
        worker.process.kill()
        worker.process.wait()

    def stop(self, name: str = "one") -> int:
        """End a worker by SIGTERM; return its exit status."""
        worker = self.workers.pop(name)
        worker.process.send_signal(signal.SIGTERM)
        return worker.process.wait(PATIENCE)

    def logs(self) -> str:
        """Return the last lines of every worker's log."""
        return "\n".join(worker.log.read_text()[-1500:] for worker in self.workers.values())

    async def until_logged(self, name: str, words: str, times: int = 1) -> None:
        """Wait until a worker has printed these words so many times."""
        log = self.workers[name].log

        async def printed() -> bool:
            return log.read_text().count(words) >= times

        await until(printed, what=lambda: f"{words!r} in the log of {name}:\n{log.read_text()[-3000:]}")

    async def until_healths(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until what the workers say of themselves, by name, is what is waited for; fail when one ends."""
        healths: dict[str, Any] = {}

        async def come() -> bool:
            for name, worker in self.workers.items():
                assert worker.alive, worker.log.read_text()[-3000:]
                healths[name] = await asyncio.to_thread(worker.health)
            return holds(healths)

        await until(come, what=lambda: f"{healths}\n{self.logs()}\nwhat was waited for")
        return healths

    async def wait_until_done(self, end: int) -> dict[str, Any]:
        """Wait until all partition groups of all workers together have come to ``end`` without lag."""

        def done(healths: dict[str, Any]) -> bool:
            groups = [group for health in healths.values() if health for group in health["partitions"].values()]
            return len(groups) == self.settings.partitions and all(
                group["upto"] is not None
                and instant.from_text(group["upto"]) >= end
                and sum(group["lag_records"].values()) == 0
                for group in groups
            )

        return await self.until_healths(done)

    async def wait_for_progress(self, beyond: int) -> int:
        """Wait until more than so many records were published, aborted ones included; return how many."""
        topic, reached = topics_of(self.settings).transitions, 0
        places = [TopicPartition(topic, partition) for partition in range(self.settings.partitions)]

        async def more() -> bool:
            nonlocal reached
            reached = sum((await consumer.end_offsets(places)).values())
            return reached > beyond

        async with AIOKafkaConsumer(bootstrap_servers=self.settings.broker) as consumer:
            await until(more, what=lambda: f"{self.logs()}\nmore than {beyond} records")
        return reached

    async def transitions(self) -> list[bytes]:
        """Return every committed transition's value, each partition in its order."""
        return [record.value for record in await read(self.settings, topics_of(self.settings).transitions)]


@contextmanager
def installation(settings: Settings, folder: Path) -> Iterator[Installation]:
    """Make the topics, and end every worker at the end."""
    asyncio.run(create(settings))
    with existing(settings, folder) as made:
        yield made


@contextmanager
def existing(
    settings: Settings, folder: Path, command: Sequence[str] = WORKER, **variables: str
) -> Iterator[Installation]:
    """Use topics that were made already, or are missing; end every worker at the end."""
    made = Installation(settings, folder, command, variables)
    try:
        yield made
    finally:
        for name in list(made.workers):
            made.kill(name)
