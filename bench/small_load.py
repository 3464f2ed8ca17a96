"""What does a small load cost, with the linger and without: transactions, processor time, and delay?

    python -m bench small_load            # three rounds of half a minute each
    python -m bench small_load --quick

100 events a second on 4 and on 64 partitions of one worker, as in the benchmark of latency: every tenth is the first
order of a new customer, whose transition is awaited. Worker, Apache Kafka, load and reader share the machine.
"""

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context

from bench.installation import Installation, kafka, until
from bench.latency import watched
from bench.live_load import STEP_MS, first_orders, sent_at
from bench.population import Population, simulate
from bench.report import Report, Say, Size, Spread, Table
from bench.transitions_reader import percentiles
from bench.visits import Visits
from streams.policy_file import load_rules

RATE = 100
PARTITIONS = (4, 64)
_FIRST_ORDERS = 10
_CUSTOMERS = 5000
_WARM_SECONDS, _QUICK_WARM_SECONDS = 5, 1
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Run:
    """Transactions a second, % of a core, delays by percentile in ms, and how many transitions were not read."""

    transactions: float
    processor: float
    delays: dict[str, float]
    missing: int


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    say("simulating a year of those who are copied")
    population = simulate(load_rules(None), size.of(1000, 50), int(time.time()) * 1000)
    runs: dict[tuple[int, str], list[Run]] = {}
    with kafka() as installation, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as load:
        for _ in range(size.rounds):
            for partitions in PARTITIONS[: size.of(2, 1)]:
                for name, variables in (("with", {}), ("without", {"LIFESTAGE_LINGER": "0"})):
                    place = installation(None, partitions)
                    run = _run(place, load, population, variables, size)
                    runs.setdefault((partitions, name), []).append(run)
                    say(f"{partitions} partitions, {name}: {run}")
    return _report(runs)


def _run(
    place: Installation, load: ProcessPoolExecutor, population: Population, variables: dict[str, str], size: Size
) -> Run:
    warm, seconds, orders = size.of(_WARM_SECONDS, _QUICK_WARM_SECONDS), size.of(30, 3), RATE / _FIRST_ORDERS
    others = RATE - orders
    visits = Visits(population, _CUSTOMERS, int(others * (warm + seconds)))
    loads = [
        partial(visits.from_instant, rate=others, step=STEP_MS),
        partial(first_orders, rate=orders, step=STEP_MS),
    ]
    with place.worker(variables=variables) as worker:
        until(worker.is_ready, [worker], _PATIENCE, "starting")
        began = worker.mark()
        readings, _ = asyncio.run(watched(place, worker, load, loads, warm + seconds))
        ended = worker.mark()
    since = min((sent_at(it) for it in readings.orders), default=0) + warm * 1000
    measured = [delay for order, delay in readings.orders.items() if sent_at(order) >= since]
    took = warm + seconds
    return Run(
        (ended.batches - began.batches) / took,
        100 * (ended.cpu - began.cpu) / took,
        percentiles(measured),
        int(orders * seconds) - len(measured),
    )


def _report(runs: dict[tuple[int, str], list[Run]]) -> Report:
    rows = [
        [
            partitions,
            name,
            Spread.over(it.transactions for it in of_it),
            Spread.over(it.processor for it in of_it),
            Spread.over(it.delays["p50"] for it in of_it),
            Spread.over(it.delays["p99"] for it in of_it),
            max(it.missing for it in of_it),
        ]
        for (partitions, name), of_it in runs.items()
    ]
    return Report(
        bench="small_load",
        figures={
            "rate": RATE,
            "runs": [
                {"partitions": partitions, "linger": name, "rounds": [asdict(it) for it in of_it]}
                for (partitions, name), of_it in runs.items()
            ],
        },
        tables=[
            Table(
                f"{RATE} events a second",
                ["partitions", "linger", "transactions/s", "% of a core", "p50 ms", "p99 ms", "missing"],
                rows,
            )
        ],
    )
