"""How long after an event, and after the instant of a deadline, can others read the transition that follows?

    python -m bench latency               # a minute each at 100, 1,000, 5,000 and 20,000 events/s, and deadlines
    python -m bench latency --quick

From the record's time to its receipt by a reader of committed records; worker, broker, load and reader on one machine.
Every tenth event is the first order of a new customer, which is a transition at once: its delay is measured. Deadlines
are those of silent customers, while nothing else happens: the policy's days are seconds there.
"""

import asyncio
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from bench.fabricated_changelog import fabricate
from bench.installation import Installation, kafka, until
from bench.live_load import STEP_MS, Load, first_orders, produce, sent_at
from bench.population import Population, simulate
from bench.report import Line, Lines, Report, Say, Size, Spread, Table
from bench.transitions_reader import PERCENTILES, Readings, percentiles, read
from bench.visits import Visits
from bench.worker import MeasuredWorker
from streams.policy_file import load_rules, shipped_policy

GOAL_P99_MS, GOAL_DEADLINE_P99_MS = 100, 1200
RATES = (100, 1000, 5000, 20_000)
_FIRST_ORDERS = 10
_PATIENCE = 300.0
_DEADLINES_A_SECOND = 500.0
_WARM_SECONDS, _QUICK_WARM_SECONDS = 5, 1
_A_MINUTE_LONG = 5000


@dataclass(frozen=True, slots=True)
class Run:
    """Delays by percentile in ms, how many transitions were awaited, and by how many ms the load itself was late."""

    delays: dict[str, float]
    awaited: int
    load_late: float


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    say("simulating a year of those who are copied")
    population = simulate(load_rules(None), size.of(1000, 50), int(time.time()) * 1000)
    runs: dict[int, list[Run]] = {}
    deadlines: list[Run] = []
    with kafka() as installation, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as load:
        for _ in range(size.rounds):
            for rate in (200,) if size.quick else RATES:
                runs.setdefault(rate, []).append(_events(installation(None), load, population, rate, size))
                say(f"{rate} events/s: {runs[rate][-1].delays}")
            with tempfile.TemporaryDirectory() as folder:
                patience = size.of(30, 3)
                place = installation(policy_of_seconds(Path(folder), patience))
                deadlines.append(_deadlines(place, load, patience))
                say(f"deadlines: {deadlines[-1].delays}")
    return _report(runs, deadlines)


def policy_of_seconds(folder: Path, patience: int) -> Path:
    """Write the shipped policy with days of one second; a new customer is at risk after ``patience`` of them."""
    text = shipped_policy().read_text("utf-8")
    for name, value in (
        ("lateness_minutes", "0.1\nday_seconds = 1"),
        ("session_minutes", "0.0005"),
        ("one_time_patience_days", str(patience)),
    ):
        text = re.sub(rf"^{name} = \d+", f"{name} = {value}", text, count=1, flags=re.MULTILINE)
    path = folder / "seconds.toml"
    path.write_text(text, "utf-8")
    return path


def _events(place: Installation, load: ProcessPoolExecutor, population: Population, rate: int, size: Size) -> Run:
    # Each customer has one visit at most: a higher rate needs more of them.
    customers = size.of(max(100_000, 10 * rate), 1000)
    warm, seconds = size.of(_WARM_SECONDS, _QUICK_WARM_SECONDS), size.of(60 if rate <= _A_MINUTE_LONG else 20, 2)
    asyncio.run(fabricate(place.settings, population, customers))
    orders = rate / _FIRST_ORDERS
    others = rate - orders
    visits = Visits(population, customers, int(others * (warm + seconds)))
    loads = [
        partial(visits.from_instant, rate=others, step=STEP_MS),
        partial(first_orders, rate=orders, step=STEP_MS),
    ]
    with place.worker() as worker:
        until(worker.is_ready, [worker], _PATIENCE, "restoring")
        readings, late = asyncio.run(watched(place, worker, load, loads, warm + seconds))
    began = min((sent_at(it) for it in readings.orders), default=0) + warm * 1000
    measured = [delay for order, delay in readings.orders.items() if sent_at(order) >= began]
    return Run(percentiles(measured), int(orders * seconds), late)


def _deadlines(place: Installation, load: ProcessPoolExecutor, patience: int) -> Run:
    # All orders are there before the first deadline: then there is silence.
    seconds = patience - 1
    loads = [partial(first_orders, rate=_DEADLINES_A_SECOND, step=STEP_MS)]
    with place.worker() as worker:
        until(worker.is_ready, [worker], _PATIENCE, "starting")
        readings, late = asyncio.run(watched(place, worker, load, loads, seconds))
    return Run(percentiles(readings.deadlines), int(_DEADLINES_A_SECOND * seconds), late)


async def watched(
    place: Installation, worker: MeasuredWorker, load: ProcessPoolExecutor, loads: Sequence[Load], seconds: float
) -> tuple[Readings, float]:
    """Send loads for so long; return what was read of the transitions, and by how many ms a step was late at most."""
    ready = asyncio.Event()
    produced: Future[float] = Future()
    reading = asyncio.ensure_future(read(place.settings, produced.done, ready))
    await ready.wait()
    late = await asyncio.wrap_future(load.submit(produce, place.settings, loads, seconds))
    # A worker that does not keep up is given time to: what it publishes then is late, and counted.
    await asyncio.to_thread(until, lambda: worker.lag() == 0, [worker], _PATIENCE, "working off the load")
    produced.set_result(late)
    return await reading, late


def _report(runs: Mapping[int, Sequence[Run]], deadlines: Sequence[Run]) -> Report:
    rows = [(f"{rate:,} events/s", of_rate) for rate, of_rate in runs.items()] + [("deadlines, in silence", deadlines)]
    return Report(
        bench="latency",
        figures={
            "goal_p99_ms_at_5000": GOAL_P99_MS,
            "goal_p99_ms_of_deadlines": GOAL_DEADLINE_P99_MS,
            "events": {rate: [asdict(run) for run in of_rate] for rate, of_rate in runs.items()},
            "deadlines": [asdict(run) for run in deadlines],
        },
        tables=[
            Table(
                "Until a transition can be read: ms",
                ["load", *PERCENTILES, "transitions", "missing", "load late by"],
                [[name, *_row(of_load)] for name, of_load in rows],
            )
        ],
        pictures=[
            Lines(
                "latency",
                "From an event to its transition, as a reader of committed records gets it",
                "events a second",
                "ms",
                [
                    Line(
                        name,
                        {float(rate): Spread.over(it.delays[name] for it in of_rate) for rate, of_rate in runs.items()},
                        ours=name == "p99",
                    )
                    for name in PERCENTILES
                ],
                log_x=True,
                log_y=True,
            )
        ],
    )


def _row(runs: Sequence[Run]) -> list[object]:
    return [
        *(Spread.over(run.delays[name] for run in runs) for name in PERCENTILES),
        int(runs[0].delays["count"]),
        max(run.awaited - int(run.delays["count"]) for run in runs),
        max(run.load_late for run in runs),
    ]
