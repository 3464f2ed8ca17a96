"""How many events a second does a worker get through that decides by the policy that ships?

    python -m bench policy                # 100 k customers, 200 k events
    python -m bench policy --quick
    python -m bench.policy --profile worker.svg   # where its time goes, as a flame graph

Four topics on Apache Kafka, exactly once; typical customers, each with what they do in a day, at most one event of a
customer in a batch. The mirror is off.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from bench.backlog import Speed, work_off, write
from bench.fabricated_changelog import fabricate
from bench.finding import Bar, Bars, Finding, Say, Size, Spread, Table
from bench.flame import recording
from bench.installation import Installation, kafka
from bench.population import Population, simulate
from bench.visits import Visits
from streams.policy_file import load_rules
from streams.sources.source import SourceEvent

GOAL_PER_CORE = 25_000
EVENTS_A_SECOND = 5000.0
_LONG_AGO_MS = 900_000
_PATIENCE = 600.0


def measure(size: Size, say: Say) -> Finding:
    """See ``Bench``."""
    population, customers, events = loaded(size, say)
    speeds = []
    with kafka() as installation:
        for number in range(size.rounds):
            place = installation(None)
            asyncio.run(prepare(place, population, customers, events))
            say(f"{customers:,} customers and {len(events):,} events lie ready")
            with place.worker() as worker:
                speeds.append(work_off([worker], len(events), _PATIENCE))
            say(f"round {number + 1}: {speeds[-1].wall:,.0f} events/s, {speeds[-1].cpu:,.0f} for a second of processor")
    return _finding(speeds, customers, events)


def loaded(size: Size, say: Say) -> tuple[Population, int, list[SourceEvent]]:
    """Typical customers as they were a quarter of an hour ago, their number, and what they did then."""
    say("simulating a year of those who are copied")
    population = simulate(load_rules(None), size.of(1000, 50), int(time.time()) * 1000 - _LONG_AGO_MS)
    customers = size.of(100_000, 2000)
    visits = Visits(population, customers, size.of(200_000, 4000))
    return population, customers, list(visits.from_instant(population.instant, EVENTS_A_SECOND))


async def prepare(place: Installation, population: Population, customers: int, events: Sequence[SourceEvent]) -> None:
    """Write the customers and the events of a measurement. Raises ``KafkaError``."""
    await fabricate(place.settings, population, customers)
    await write(place.settings, events)


def _finding(speeds: Sequence[Speed], customers: int, events: Sequence[SourceEvent]) -> Finding:
    wall, cpu = Spread.over(it.wall for it in speeds), Spread.over(it.cpu for it in speeds)
    kinds = {kind: round(count / len(events), 3) for kind, count in Counter(it.topic for it in events).most_common()}
    return Finding(
        bench="policy",
        figures={
            "goal_per_core": GOAL_PER_CORE,
            "wall": asdict(wall),
            "cpu": asdict(cpu),
            "customers": customers,
            "events": len(events),
            "kinds": kinds,
        },
        tables=[
            Table(
                "One worker under the shipped policy: events a second",
                ["measured against", "events/s"],
                [["the clock", wall], ["the worker's processor time", cpu]],
            ),
            Table("The events by topic", ["topic", "share"], [[kind, share] for kind, share in kinds.items()]),
        ],
        pictures=[
            Bars(
                "policy",
                "One worker under the shipped policy",
                "events a second",
                {"": [Bar("by the clock", wall, ours=True), Bar("by its processor time", cpu, ours=True)]},
            )
        ],
    )


def main() -> None:
    """Draw a worker's flame graph over one round."""
    parser = argparse.ArgumentParser(prog="python -m bench.policy", description="where a worker's time goes")
    parser.add_argument("--profile", required=True, metavar="FILE.svg")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    population, customers, events = loaded(Size(given.quick, 1), print)
    with kafka() as installation:
        place = installation(None)
        asyncio.run(prepare(place, population, customers, events))
        with place.worker() as worker, recording(worker.process.pid, given.profile):
            speed = work_off([worker], len(events), _PATIENCE)
    print(f"{speed.wall:,.0f} events/s under the profiler; drawn: {given.profile}")


if __name__ == "__main__":
    main()
