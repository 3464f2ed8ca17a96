"""The scene of a run: the servers, the topics, the workers and the load, and how a fault is awaited."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from streams.settings import Settings
from streams.topics import create
from tests.chaos.fleet import Fleet, fleet
from tests.chaos.load import Load
from tests.chaos.plan import Plan
from tests.chaos.rehearsal import write_policy
from tests.chaos.verdict.recreated import Earlier
from tests.chaos.verdict.topics import Seen
from tests.support import servers
from tests.support.redis_node import RedisNode
from tests.support.workers import SESSION_SECONDS

BACK_SECONDS = 120.0
_MIN_EVENTS = 20


class StuckError(Exception):
    """The workers did not come back to work; the message says who holds what."""


@dataclass
class Scene:
    """Everything that a fault can lay hands on."""

    plan: Plan
    settings: Settings
    folder: Path
    kafka: servers.Kafka | None
    redis: RedisNode
    fleet: Fleet
    load: Load
    dice: random.Random
    happened: Counter[str] = field(default_factory=Counter)
    figures: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    """What went against a promise other than exactly once: an exit code, a time limit."""
    poisoned: dict[str, bytes] = field(default_factory=dict)
    """Customers whose stored state cannot be read, and the bytes that stand for it."""
    deleted: list[Seen] = field(default_factory=list)
    """Input that is in no log any more."""
    skipped: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Topic, partition, first offset and the one after the last, of what was deleted before it was counted."""
    forgotten: dict[str, list[str]] = field(default_factory=dict)
    """Customers who were forgotten on request, and what was carried out for each: ``forget`` and ``allow`` in turn."""
    recreated: list[Earlier] = field(default_factory=list)
    """Inputs that were deleted and made again; what they held is among the ``deleted``, under names of its own."""
    accounts: "Scene | None" = None
    """Where the accounts are decided that the load names: workers of their own, whom faults hit like all others."""
    loading: asyncio.Task[None] | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def places(self) -> list["Scene"]:
        """This one, and the accounts' if there is one."""
        return [self] if self.accounts is None else [self, self.accounts]

    def say(self, words: str) -> None:
        """Print what is done, and when."""
        whose = "accounts: " if self.settings.subject == "account" else ""
        print(f"{time.monotonic() - self.began:7.1f} s  {whose}{words}", flush=True)

    def measured(self, name: str, seconds: float) -> None:
        """Keep a measure."""
        self.figures.setdefault(name, []).append(round(seconds, 2))

    async def back_at_work(self, since: float) -> float:
        """Wait until every partition is at work beyond an instant; returns the seconds since then.

        Before it returns, every worker is ready, and has processed events: the next fault hits a fleet at work.
        """
        began = time.time()
        while not self.fleet.covered(since):
            if time.time() - began > BACK_SECONDS:
                raise StuckError(f"not back at work after {BACK_SECONDS:.0f} s: {self.fleet.states()}")
            await asyncio.sleep(0.05)
        back = time.time()
        processed = self.fleet.processed
        while self.fleet.processed < processed + _MIN_EVENTS or not self.fleet.ready():
            if self.loading is not None and self.loading.done():
                self.loading.result()
            if time.time() - back > BACK_SECONDS:
                raise StuckError(f"no events processed for {BACK_SECONDS:.0f} s: {self.fleet.states()}")
            await asyncio.sleep(0.05)
        return back - since

    async def quiet(self) -> None:
        """Wait until everything that was sent is processed and copied.

        For accounts, their customers' workers must still run: these go on saying how far they are, so that something
        always waits, and what counts is that accounts follow them.
        """
        deadline = time.time() + BACK_SECONDS
        calm = 0
        while calm < 3:
            since = time.time()
            await asyncio.sleep(2.5)  # the lag that a worker tells is up to two seconds old
            read = self.settings.subject == "account" or self.fleet.lag() == 0
            still = self.fleet.covered(since) and read and self.fleet.mirror_waits() < 50
            calm = calm + 1 if still else 0
            if time.time() > deadline:
                raise StuckError(f"not quiet: {self.fleet.lag()} records wait: {self.fleet.states()}")


@contextmanager
def broker(plan: Plan, folder: Path) -> Iterator[tuple[str, servers.Kafka | None]]:
    """Run the broker that the plan asks for."""
    if plan.broker == "embedded":
        with servers.embedded_kafka(folder) as server:
            yield server.address, None
    else:
        with servers.apache_kafka(folder / "apache-kafka", plan.brokers) as kafka:
            yield kafka.bootstrap, kafka


@asynccontextmanager
async def scene(plan: Plan, folder: Path, command: list[str] | None = None) -> AsyncIterator[Scene]:
    """Set the scene: everything runs when the block begins, and nothing after it.

    ``command`` starts a worker of customers.
    """
    name = f"chaos{plan.seed}"
    redis = RedisNode(folder)
    try:
        with broker(plan, folder) as (address, kafka):
            settings = Settings(
                broker=address,
                redis_url=redis.url,
                app_id=name,
                topic_prefix=f"{name}-",
                partitions=plan.partitions,
                replication=plan.brokers,
                policy=write_policy(plan.policy, folder, "customer"),
                session_timeout=SESSION_SECONDS,
                embedded=plan.broker == "embedded",
                accounts=plan.accounts is not None,
            )
            load = Load(settings, plan.seed, plan.rate)
            dice = random.Random(f"faults {plan.seed}")

            async def place(of: Settings, beside: Path, command: list[str] | None) -> Scene:
                await create(of)
                workers = await fleets.enter_async_context(fleet(of, beside, command))
                for number in range(plan.workers):
                    workers.start(f"worker-{number + 1}")
                return Scene(plan, of, beside, kafka, redis, workers, load, dice)

            async with AsyncExitStack() as fleets:
                made = await place(settings, folder, command)
                if plan.accounts is not None:
                    made.accounts = await place(*_of_accounts(settings, plan.accounts, folder), None)
                loading = asyncio.create_task(load.run())
                for each in made.places:
                    each.loading, each.began = loading, made.began
                try:
                    yield made
                finally:
                    load.stop()
                    await asyncio.gather(loading, return_exceptions=True)
    finally:
        redis.close()


def _of_accounts(customers: Settings, policy: Path, folder: Path) -> tuple[Settings, Path]:
    beside = folder / "accounts"
    beside.mkdir()
    of_accounts = replace(customers, accounts=False, subject="account", app_id=f"{customers.app_id}-accounts")
    return replace(of_accounts, policy=write_policy(policy, beside, "account")), beside
