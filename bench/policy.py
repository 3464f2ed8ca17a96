"""How many events a second does a worker get through that decides by the policy that ships?

    python -m bench policy                # 200 k customers, 200 k events
    python -m bench policy --quick
    python -m bench.policy --profile worker.svg   # where its time goes, as a flame graph

Four topics on Apache Kafka, exactly once; typical customers, each with what they do in a day, at most one event of a
customer in a batch. Four in five events are browsing; a second row has them as they were simulated. The mirror is off.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.backlog import Speed, work_off, write
from bench.fabricated_changelog import fabricate
from bench.flame import recording
from bench.installation import Installation, kafka
from bench.population import Population, simulate
from bench.report import Bar, Bars, Report, Say, Size, Spread, Table
from bench.visits import Visits
from streams.policy_file import load_rules
from streams.sources.source import SourceEvent

GOAL_PER_CORE = 25_000
EVENTS, QUICK_EVENTS = 200_000, 4000
EVENTS_A_SECOND = 5000.0
BROWSING_SHARE = 0.8
_LONG_AGO_MS = 900_000
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Result:
    """Events per second of the clock and of the worker's processor, and the share of each topic."""

    wall: Spread
    cpu: Spread
    topics: dict[str, float]


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    population, customers = typical(size, say)
    loads = {
        f"{BROWSING_SHARE:.0%} browsing": visits(population, customers, size),
        "as simulated": visits(population, customers, size, browsing=None),
    }
    speeds: dict[str, list[Speed]] = {title: [] for title in loads}
    with kafka() as installation:
        for _ in range(size.rounds):
            for title, events in loads.items():
                place = installation(None)
                asyncio.run(prepare(place, population, customers, events))
                with place.worker() as worker:
                    speeds[title].append(work_off([worker], len(events), _PATIENCE))
                speed = speeds[title][-1]
                say(f"{title}: {speed.wall:,.0f} events/s, {speed.cpu:,.0f} for a second of processor")
    results = {title: _result(speeds[title], events) for title, events in loads.items()}
    return _report(results, customers, size.of(EVENTS, QUICK_EVENTS))


def typical(size: Size, say: Say) -> tuple[Population, int]:
    """Return simulated customers as of a quarter of an hour ago, and their number."""
    say("simulating a year of those who are copied")
    population = simulate(load_rules(None), size.of(1000, 50), int(time.time()) * 1000 - _LONG_AGO_MS)
    return population, size.of(200_000, 8000)


def visits(
    population: Population, customers: int, size: Size, browsing: float | None = BROWSING_SHARE
) -> list[SourceEvent]:
    """Return the events of these customers since then; ``browsing`` is its share of them (None: as simulated)."""
    drawn = Visits(population, customers, size.of(EVENTS, QUICK_EVENTS), browsing=browsing)
    return list(drawn.from_instant(population.instant, EVENTS_A_SECOND))


async def prepare(place: Installation, population: Population, customers: int, events: Sequence[SourceEvent]) -> None:
    """Write the customers and the events of a measurement. Raises ``KafkaError``."""
    await fabricate(place.settings, population, customers)
    await write(place.settings, events)


def _result(speeds: Sequence[Speed], events: Sequence[SourceEvent]) -> Result:
    topics = Counter(event.topic for event in events)
    return Result(
        Spread.over(it.wall for it in speeds),
        Spread.over(it.cpu for it in speeds),
        {topic: round(count / len(events), 4) for topic, count in topics.most_common()},
    )


def _report(results: Mapping[str, Result], customers: int, events: int) -> Report:
    return Report(
        bench="policy",
        figures={
            "goal_per_core": GOAL_PER_CORE,
            "customers": customers,
            "events": events,
            "loads": {title: asdict(it) for title, it in results.items()},
        },
        tables=[
            Table(
                "One worker under the shipped policy: events a second",
                ["events", "by the clock", "by its processor time"],
                [[title, it.wall, it.cpu] for title, it in results.items()],
            ),
            Table(
                "The events by topic",
                ["events", *next(iter(results.values())).topics],
                [[title, *(f"{share:.1%}" for share in it.topics.values())] for title, it in results.items()],
            ),
        ],
        pictures=[
            Bars(
                "policy",
                "One worker under the shipped policy",
                "events a second",
                {
                    title: [
                        Bar("by the clock", it.wall, ours=True),
                        Bar("by its processor time", it.cpu, ours=True),
                    ]
                    for title, it in results.items()
                },
            )
        ],
    )


def main() -> None:
    """Draw the flame graph of a worker over one round."""
    parser = argparse.ArgumentParser(prog="python -m bench.policy", description="where a worker's time goes")
    parser.add_argument("--profile", required=True, metavar="FILE.svg")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    size = Size(given.quick, 1)
    population, customers = typical(size, print)
    events = visits(population, customers, size)
    with kafka() as installation:
        place = installation(None)
        asyncio.run(prepare(place, population, customers, events))
        with place.worker() as worker, recording(worker.process.pid, given.profile):
            speed = work_off([worker], len(events), _PATIENCE)
    print(f"{speed.wall:,.0f} events/s under the profiler; drawn: {given.profile}")


if __name__ == "__main__":
    main()
