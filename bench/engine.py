"""How many events does the engine get through, beside other stream processors that do the same small job?"""

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.comparison import Program, Run, run
from bench.orders import Population, produce
from bench.peers.task import Task
from bench.programs import OURS, available
from bench.report import Bar, Bars, LeftOutError, Report, Say, Size, Spread, Table
from streams.partitions.first_opening import start_over
from streams.settings import Settings
from streams.topics import create, topics_of
from tests.support.servers import apache_kafka, apache_kafka_missing

_CUSTOMERS = (5_000, 100_000, 1_000_000)
_QUICK_EVENTS = 1_000

Runs = Mapping[tuple[Population, str], Sequence[Run]]


@dataclass(frozen=True, slots=True)
class Stream:
    """Orders that were written before: the settings of their topics, and how many of them must be announced."""

    settings: Settings
    announced: int


class SharedBroker:
    """The broker that all programs use, and the streams on it, each written when it is first needed."""

    def __init__(self, broker: str, folder: Path, say: Say) -> None:
        self._broker = broker
        self._folder = folder
        self._say = say
        self._streams: dict[tuple[Population, int], Stream] = {}

    def run(self, program: Program, population: Population, events: int, turn: int) -> Run:
        """Run a program once; raises ``bench.comparison.WrongOutputError``."""
        if (population, events) not in self._streams:
            self._streams[population, events] = asyncio.run(self._write(population, events))
        stream = self._streams[population, events]
        name = f"{stream.settings.topic_prefix}{program.name}-{turn}"
        settings = replace(stream.settings, app_id=name)
        topics = topics_of(settings)
        task = Task(self._broker, topics.inputs[0], topics.transitions, name, events, self._folder / name)
        asyncio.run(_begin(program, settings))
        return run(program, task, stream.announced, self._say)

    async def _write(self, population: Population, events: int) -> Stream:
        self._say(f"writing {events:,} orders of {population.title}")
        prefix = f"{population.customers}-{'zipf' if population.zipf else 'uniform'}-{events}-"
        settings = Settings(broker=self._broker, redis_url="", topic_prefix=prefix, app_id=f"{prefix}stream")
        await create(settings)
        return Stream(settings, await produce(population, events, self._broker, topics_of(settings).inputs[0]))


async def _begin(program: Program, settings: Settings) -> None:
    await create(settings)
    if program.name == OURS:
        # The transitions of the program before it are there already. Another program would read the marker as its own.
        await start_over(settings)


def measure(size: Size, say: Say) -> Report:
    """Run every program on its populations, in rounds that alternate the order of the programs."""
    lacking = apache_kafka_missing()
    if lacking is not None:
        raise LeftOutError(lacking)
    programs, left_out = available()
    populations = [Population(customers, zipf) for customers in _CUSTOMERS for zipf in (False, True)]
    runs: dict[tuple[Population, str], list[Run]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="lifestage-bench-") as name, apache_kafka(Path(name) / "kafka") as kafka:
        shared = SharedBroker(kafka.bootstrap, Path(name), say)
        for turn in range(size.rounds):
            for population in populations[:1] if size.quick else populations:
                for program in programs if turn % 2 == 0 else reversed(programs):
                    events = size.of(program.events(population), _QUICK_EVENTS)
                    if not events:
                        continue
                    found = shared.run(program, population, events, turn)
                    runs[population, program.name].append(found)
                    say(f"round {turn + 1}, {population.title}, {program.title}: {found.wall:,.0f} events/s")
    return _report(programs, [it for it in populations if (it, OURS) in runs], runs, left_out)


def _report(
    programs: Sequence[Program], populations: Sequence[Population], runs: Runs, left_out: Sequence[str]
) -> Report:
    by_population = {it.title: _ratios(programs, it, runs) for it in populations}
    worst: dict[str, float] = {}
    for ratios in by_population.values():
        worst |= {name: min(ratio, worst.get(name, ratio)) for name, ratio in ratios.items()}
    rates = {
        it.title: {one.name: round(_spread(runs, it, one, "wall").median) for one in programs if (it, one.name) in runs}
        for it in populations
    }
    return Report(
        "engine",
        {"ratios": worst, "ratios_by_population": by_population, "events_per_second": rates},
        [_table(programs, it, runs) for it in populations],
        [
            _picture("engine-wall", "Events per second", "wall", programs, populations, runs),
            _picture("engine-cpu", "Events per processor second", "cpu", programs, populations, runs),
        ],
        left_out,
    )


def _spread(runs: Runs, population: Population, program: Program, figure: str) -> Spread:
    return Spread.over(getattr(run, figure) for run in runs[population, program.name])


def _ratios(programs: Sequence[Program], population: Population, runs: Runs) -> dict[str, float]:
    ours, *peers = (program for program in programs if (population, program.name) in runs)

    def ratio(peer: Program, figure: str) -> float:
        return _spread(runs, population, ours, figure).median / _spread(runs, population, peer, figure).median

    ratios: dict[str, float] = {}
    for peer in peers:
        if peer.name.startswith("kafka_streams"):
            # It keeps more than one core busy where ours keeps one, so both count.
            ratios |= {f"{peer.name}_{figure}": round(ratio(peer, figure), 2) for figure in ("cpu", "wall")}
        else:
            ratios[peer.name] = round(ratio(peer, "wall"), 2)
    return ratios


def _table(programs: Sequence[Program], population: Population, runs: Runs) -> Table:
    rows = [
        [
            program.title,
            runs[population, program.name][0].events,
            *(_spread(runs, population, program, figure) for figure in ("wall", "later", "cpu", "memory")),
        ]
        for program in programs
        if (population, program.name) in runs
    ]
    header = ["program", "events", "events/s", "events/s, second half", "events per processor second", "memory, MB"]
    return Table(population.title, header, rows)


def _picture(
    name: str, title: str, figure: str, programs: Sequence[Program], populations: Sequence[Population], runs: Runs
) -> Bars:
    panels = {
        it.title: [
            Bar(one.title, _spread(runs, it, one, figure), one.name == OURS)
            for one in programs
            if (it, one.name) in runs
        ]
        for it in populations
    }
    return Bars(name, f"{title}, each with its own exactly-once", "events/s", panels)
