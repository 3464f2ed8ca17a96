"""How many events a second does a worker get through by the policy that ships, beside the same policy by hand?

    python -m bench policy                # 200 k customers; 200 k and 600 k events
    python -m bench policy --quick
    python -m bench.policy --profile worker.svg   # where its time goes, as a flame graph

Four topics on Apache Kafka, exactly once; typical customers, each with what they do in a day, at most one event of a
customer in a batch. The peer is the policy in Java on Kafka Streams (bench/peers/kafka_streams/policy), on the same
topics, with the same customers: what both tell is compared, and a run that tells something else does not count.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial

from bench.backlog import work_off, write
from bench.comparison import Run, WrongOutputError
from bench.fabricated_changelog import fabricate
from bench.flame import recording
from bench.installation import Installation, kafka
from bench.peers import java
from bench.peers.flink import environment as flink
from bench.policy_programs import KAFKA_STREAMS, PYFLINK, Load, Past, lifestage
from bench.policy_report import OURS, Comparison, report
from bench.population import Population, simulate
from bench.report import Report, Say, Size
from bench.told import Told, difference
from bench.visits import Visits
from streams.policy_file import load_rules
from streams.sources.source import SourceEvent

ORIGINALS, QUICK_ORIGINALS = 1000, 50
EVENTS, QUICK_EVENTS = 200_000, 4000
MANY_EVENTS = 600_000
FEW = 20_000
"""So many events and customers for a peer that decides hundreds of events a second."""
EVENTS_A_SECOND = 5000.0
BROWSING_SHARE = 0.8
_LONG_AGO_MS = 900_000
_PATIENCE = 600.0


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``.

    Raises ``WrongOutputError`` when a peer tells other transitions than lifestage.
    """
    population, customers = typical(size, say)
    lacking = {KAFKA_STREAMS.title: java.missing(), PYFLINK.title: flink.missing()}
    comparisons = _comparisons(population, customers, size, {title for title, it in lacking.items() if it is None})
    with kafka() as installation:
        file = installation(None).folder / "past.jsonl"
        past = Past.written(file, size.of(ORIGINALS, QUICK_ORIGINALS), population.instant)
        for turn in range(size.rounds):
            for it in comparisons:
                place = installation(None)
                asyncio.run(prepare(place, population, it.customers, it.events))
                load = Load(place, it.events, it.customers)
                programs: dict[str, Callable[[], tuple[Run, Told]]] = {OURS: partial(lifestage, load)}
                if it.peer is not None:
                    programs[it.peer.title] = partial(it.peer.run, past, load, installation(None), say)
                found: dict[str, Told] = {}
                for title in [*programs][:: 1 if turn % 2 == 0 else -1]:
                    run, found[title] = programs[title]()
                    it.runs.setdefault(title, []).append(run)
                    say(f"{it.title}, {title}: {run.wall:,.0f} events/s, {run.cpu:,.0f} for a second of processor")
                _check(found)
                it.transitions.append(found[OURS].total())
    return report(comparisons, [it for it in lacking.values() if it is not None])


def _comparisons(population: Population, customers: int, size: Size, present: Container[str]) -> list[Comparison]:
    browsing, simulated = f"{BROWSING_SHARE:.0%} browsing", "as simulated"
    java_peer = KAFKA_STREAMS if KAFKA_STREAMS.title in present else None
    found = [Comparison(browsing, customers, visits(population, customers, size), java_peer)]
    if not size.quick:
        for title, events in ((simulated, EVENTS), (f"{simulated}, {MANY_EVENTS:,}", MANY_EVENTS)):
            drawn = visits(population, customers, size, browsing=None, events=events)
            found.append(Comparison(title, customers, drawn, java_peer))
    if PYFLINK.title in present:
        few = size.of(FEW, QUICK_EVENTS)
        drawn = visits(population, few, size, browsing=None, events=few)
        found.append(Comparison(f"{simulated}, {few:,} of {few:,} customers", few, drawn, PYFLINK))
    return found


def typical(size: Size, say: Say) -> tuple[Population, int]:
    """Return simulated customers as of a quarter of an hour ago, and their number."""
    say("simulating a year of those who are copied")
    instant = int(time.time()) * 1000 - _LONG_AGO_MS
    return simulate(load_rules(None), size.of(ORIGINALS, QUICK_ORIGINALS), instant), size.of(200_000, 8000)


def visits(
    population: Population,
    customers: int,
    size: Size,
    browsing: float | None = BROWSING_SHARE,
    events: int = EVENTS,
) -> list[SourceEvent]:
    """Return the events of these customers since then; ``browsing`` is its share of them (None: as simulated)."""
    drawn = Visits(population, customers, size.of(events, QUICK_EVENTS), browsing=browsing)
    return list(drawn.from_instant(population.instant, EVENTS_A_SECOND))


async def prepare(place: Installation, population: Population, customers: int, events: Sequence[SourceEvent]) -> None:
    """Write the customers and the events of a measurement. Raises ``KafkaError``."""
    await fabricate(place.settings, population, customers)
    await write(place.settings, events)


def _check(found: Mapping[str, Told]) -> None:
    for title, theirs in found.items():
        differs = difference(title, theirs, found[OURS])
        if differs is not None:
            raise WrongOutputError(differs)


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
