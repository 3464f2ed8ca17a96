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
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from bench.backlog import work_off, write
from bench.comparison import Run, WrongOutputError
from bench.fabricated_changelog import fabricate
from bench.flame import recording
from bench.installation import Installation, kafka
from bench.peers import java
from bench.policy_programs import KafkaStreams, Load, Past, lifestage
from bench.population import Population, simulate
from bench.report import Bar, Bars, Report, Say, Size, Spread, Table
from bench.told import Told, difference
from bench.visits import Visits
from streams.policy_file import load_rules
from streams.sources.source import SourceEvent

GOAL_PER_CORE = 25_000
ORIGINALS, QUICK_ORIGINALS = 1000, 50
EVENTS, QUICK_EVENTS = 200_000, 4000
MANY_EVENTS = 600_000
EVENTS_A_SECOND = 5000.0
BROWSING_SHARE = 0.8
OURS = "lifestage"
_COLUMNS = {
    "wall": "by the clock",
    "cpu": "by its processor time",
    "later": "second half, clock",
    "later_cpu": "second half, processor",
    "memory": "MB at most",
}
_LONG_AGO_MS = 900_000
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Compared:
    """A load, the runs of each program on it, by its title, and how many transitions each of them told."""

    title: str
    events: Sequence[SourceEvent]
    runs: dict[str, list[Run]] = field(default_factory=dict)
    transitions: list[int] = field(default_factory=list)

    def spread(self, program: str, figure: str) -> Spread:
        """Return a figure of the program's runs."""
        return Spread.over(getattr(run, figure) for run in self.runs[program])

    def ratios(self, peer: str) -> dict[str, float]:
        """Return lifestage's figures divided by the peer's; the memory is the peer's divided by lifestage's."""

        def ratio(figure: str, theirs: str) -> float:
            return round(self.spread(OURS, figure).median / self.spread(peer, theirs).median, 2)

        return {
            "by the clock": ratio("wall", "wall"),
            "per processor second": ratio("cpu", "cpu"),
            "to its second half, by the clock": ratio("wall", "later"),
            "to its second half, per processor second": ratio("cpu", "later_cpu"),
            "memory, theirs to ours": round(self.spread(peer, "memory").median / self.spread(OURS, "memory").median, 2),
        }


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``.

    Raises ``WrongOutputError`` when the peer tells other transitions than lifestage.
    """
    population, customers = typical(size, say)
    browsing, simulated = f"{BROWSING_SHARE:.0%} browsing", "as simulated"
    loads = [
        Compared(browsing, visits(population, customers, size)),
        Compared(simulated, visits(population, customers, size, browsing=None)),
    ]
    if not size.quick:
        many = visits(population, customers, size, browsing=None, events=MANY_EVENTS)
        loads.append(Compared(f"{simulated}, {MANY_EVENTS:,}", many))
    lacking = java.missing()
    with kafka() as installation:
        past = installation(None).folder / "past.jsonl"
        lived = Past.written(past, size.of(ORIGINALS, QUICK_ORIGINALS), population.instant, customers)
        peers = [] if lacking else [KafkaStreams(lived, installation, say)]
        programs = {OURS: lifestage, **{it.title: it.run for it in peers}}
        for turn in range(size.rounds):
            for load in loads[:1] if size.quick else loads:
                place = installation(None)
                asyncio.run(prepare(place, population, customers, load.events))
                found: dict[str, Told] = {}
                for title, program in [*programs.items()][:: 1 if turn % 2 == 0 else -1]:
                    run, found[title] = program(Load(place, load.events))
                    load.runs.setdefault(title, []).append(run)
                    say(f"{load.title}, {title}: {run.wall:,.0f} events/s, {run.cpu:,.0f} for a second of processor")
                _check(found)
                load.transitions.append(found[OURS].total())
    return _report([it for it in loads if it.runs], customers, [lacking] if lacking else [])


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


def _shares(events: Sequence[SourceEvent]) -> dict[str, float]:
    topics = Counter(event.topic for event in events)
    return {topic: round(count / len(events), 4) for topic, count in topics.most_common()}


def _report(loads: Sequence[Compared], customers: int, left_out: Sequence[str]) -> Report:
    peers = [title for title in loads[0].runs if title != OURS]
    figures = {
        it.title: {
            "events": len(it.events),
            "topics": _shares(it.events),
            "transitions": it.transitions,
            "programs": {title: {name: asdict(it.spread(title, name)) for name in _COLUMNS} for title in it.runs},
            "ratios": {peer: it.ratios(peer) for peer in peers},
        }
        for it in loads
    }
    tables = [
        Table(
            "The shipped policy: events a second",
            ["events", "program", *_COLUMNS.values()],
            [[it.title, title, *(it.spread(title, name) for name in _COLUMNS)] for it in loads for title in it.runs],
        ),
        *(
            Table(
                f"lifestage divided by {peer}, which told the same transitions",
                ["events", *loads[0].ratios(peer), "transitions"],
                [[it.title, *it.ratios(peer).values(), it.transitions[-1]] for it in loads],
            )
            for peer in peers
        ),
        Table(
            "The events by topic",
            ["events", *_shares(loads[0].events)],
            [[it.title, *(f"{share:.1%}" for share in _shares(it.events).values())] for it in loads],
        ),
    ]
    panels = {it.title: [Bar(title, it.spread(title, "cpu"), ours=title == OURS) for title in it.runs] for it in loads}
    picture = Bars("policy", "The shipped policy", "events a second of processor", panels)
    goal = {"goal_per_core": GOAL_PER_CORE, "customers": customers}
    return Report("policy", {**goal, "loads": figures}, tables, [picture], left_out)


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
