"""How long until a worker that knows nothing has read all customers, and how long when it has missed only a little?

    python -m bench restore               # 100 k and 1 M customers in four partitions on Apache Kafka
    python -m bench restore --quick

The changelog is fabricated: snapshots of typical customers under new keys, written in transactions like a worker's.
"""

import asyncio
import time
from dataclasses import asdict, dataclass

from bench.fabricated_changelog import fabricate
from bench.installation import Installation, kafka, until
from bench.population import Population, simulate
from bench.report import Line, Lines, Report, Say, Size, Spread, Table
from bench.worker import MeasuredWorker
from streams.policy_file import load_rules

GOAL_SECONDS = 15.0
_PATIENCE = 300.0
_OPENED = "opened partitions"


@dataclass(frozen=True, slots=True)
class Restored:
    """Seconds from the start of a process to ready, and from a second worker's coming and going to ready again.

    ``rebalances`` is how often the group was joined until the first worker was ready: one, if its session survived.
    ``memory`` is in bytes, of the whole process.
    """

    customers: int
    started: Spread
    opened: Spread
    shared: Spread
    alone_again: Spread
    rebalances: int
    memory: float


@dataclass(frozen=True, slots=True)
class _Round:
    started: float
    opened: float
    shared: float
    alone_again: float
    rebalances: int
    memory: float


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    rules = load_rules(None)
    say("simulating a year of those who are copied")
    population = simulate(rules, size.of(1000, 50), int(time.time()) * 1000)
    restored = []
    with kafka() as installation:
        for customers in (500,) if size.quick else (100_000, 1_000_000):
            place = installation(None)
            asyncio.run(fabricate(place.settings, population, customers))
            say(f"{customers:,} customers lie in the changelog")
            rounds = []
            for _ in range(size.rounds):
                rounds.append(_round(place))
                say(f"{customers:,} customers: {rounds[-1].started:.1f} s from the start to ready")
            restored.append(_summed(customers, rounds))
    return _report(restored, population)


def _round(place: Installation) -> _Round:
    with place.worker() as first:
        began = time.monotonic()
        until(first.is_ready, [first], _PATIENCE, "restoring")
        started = time.monotonic() - began
        rebalances, opened = _openings(first)
        memory = first.memory()
        with place.worker() as second:
            began = time.monotonic()
            until(lambda: _shared(first, second), [first, second], _PATIENCE, "sharing the partitions")
            shared = time.monotonic() - began
        began = time.monotonic()
        until(lambda: _has(first, place.settings.partitions), [first], _PATIENCE, "taking the partitions back")
        return _Round(started, opened, shared, time.monotonic() - began, rebalances, memory)


def _shared(first: MeasuredWorker, second: MeasuredWorker) -> bool:
    return all(worker.is_ready() for worker in (first, second))


def _has(worker: MeasuredWorker, partitions: int) -> bool:
    health = worker.health()
    return bool(health.get("ready")) and len(health["partitions"]) == partitions


def _openings(worker: MeasuredWorker) -> tuple[int, float]:
    # The worker's own line: "opened partitions [0, 1, 2, 3] in 4.2 s".
    lines = [line for line in worker.log.read_text().splitlines() if _OPENED in line]
    return len(lines), float(lines[-1].rsplit(" ", 2)[1]) if lines else 0.0


def _summed(customers: int, rounds: list[_Round]) -> Restored:
    return Restored(
        customers,
        Spread.over(it.started for it in rounds),
        Spread.over(it.opened for it in rounds),
        Spread.over(it.shared for it in rounds),
        Spread.over(it.alone_again for it in rounds),
        max(it.rebalances for it in rounds),
        max(it.memory for it in rounds),
    )


def _report(restored: list[Restored], population: Population) -> Report:
    snapshots = [len(it.snapshot) for it in population.originals]
    return Report(
        bench="restore",
        figures={
            "goal_seconds_for_a_million": GOAL_SECONDS,
            "snapshot_bytes": round(sum(snapshots) / len(snapshots)),
            "sizes": [asdict(it) for it in restored],
        },
        tables=[
            Table(
                "Seconds until a worker is ready",
                ["customers", "from its start", "of it reading", "a second one joins", "it leaves", "joins", "MB"],
                [
                    [it.customers, it.started, it.opened, it.shared, it.alone_again, it.rebalances, it.memory / 1e6]
                    for it in restored
                ],
            )
        ],
        pictures=[
            Lines(
                "restore",
                "From the start of a process to ready",
                "customers",
                "seconds",
                [Line("lifestage", {float(it.customers): it.started for it in restored}, ours=True)],
            )
        ],
    )
