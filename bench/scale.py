"""What does a second worker bring, and what would ten thousand to a million events a second need?

    python -m bench scale
    python -m bench scale --quick

One and two workers on the same backlog; the broker runs on the same two cores, and so takes its part of them. The
sizing is computed from these figures, not measured.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from bench.backlog import Speed, work_off
from bench.installation import kafka
from bench.policy import prepare, typical, visits
from bench.report import Bar, Bars, Report, Say, Size, Spread, Table
from streams.topics import topics_of

RATES = (10_000, 100_000, 1_000_000)
CUSTOMERS_PER_EVENT = 100
BUSY = 0.6
REPLICATION = 3
BROKER_BYTES = 50e6
"""Assumptions of the sizing, named in its table."""
CUSTOMER_BYTES = 706
"""Bytes of memory per customer, as ``growth`` measures them with a million."""
_PATIENCE = 600.0


@dataclass(frozen=True, slots=True)
class Costs:
    """Inputs of the sizing: events per second of a core, bytes in and out per event, bytes of a busy worker.

    The last are those in memory besides its customers.
    """

    per_core: float
    bytes_in: float
    bytes_out: float
    worker: float


@dataclass(frozen=True, slots=True)
class Sizing:
    """The needs of a rate of events; bytes per second are what the brokers write, replicas included."""

    rate: int
    customers: int
    workers: int
    partitions: int
    bytes_per_worker: float
    bytes_written: float
    brokers: int


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    population, customers = typical(size, say)
    events = visits(population, customers, size)
    speeds: dict[int, list[Speed]] = {1: [], 2: []}
    costs: list[Costs] = []
    with kafka() as installation:
        for _ in range(size.rounds):
            for count, of_count in speeds.items():
                place = installation(None)
                asyncio.run(prepare(place, population, customers, events))
                topics = topics_of(place.settings)
                outputs = (topics.changelog, topics.transitions, topics.rejects)
                before = place.stored(outputs)
                with ExitStack() as stack:
                    workers = [stack.enter_context(place.worker()) for _ in range(count)]
                    of_count.append(work_off(workers, len(events), _PATIENCE))
                    memory = sum(worker.memory() for worker in workers) - customers * CUSTOMER_BYTES
                costs.append(
                    Costs(
                        of_count[-1].cpu,
                        place.stored(topics.inputs) / len(events),
                        (place.stored(outputs) - before) / len(events),
                        memory / count,
                    )
                )
                say(f"{count} workers: {of_count[-1].wall:,.0f} events/s")
    return _report(speeds, costs[0])


def sizing(rate: int, costs: Costs) -> Sizing:
    """Return what so many events per second need."""
    customers = rate * CUSTOMERS_PER_EVENT
    workers = math.ceil(rate / (costs.per_core * BUSY))
    # Two partitions a worker: what one that is lost leaves behind goes to more than one of the others.
    written = rate * (costs.bytes_in + costs.bytes_out) * REPLICATION
    return Sizing(
        rate,
        customers,
        workers,
        2 * workers,
        costs.worker + customers * CUSTOMER_BYTES / workers,
        written,
        max(REPLICATION, math.ceil(written / BROKER_BYTES)),
    )


def _report(speeds: Mapping[int, Sequence[Speed]], costs: Costs) -> Report:
    walls = {count: Spread.over(it.wall for it in of_count) for count, of_count in speeds.items()}
    sizes = [sizing(rate, costs) for rate in RATES]
    return Report(
        bench="scale",
        figures={
            "workers": {count: [asdict(it) for it in of_count] for count, of_count in speeds.items()},
            "ratio": round(walls[2].median / walls[1].median, 2),
            "costs": asdict(costs),
            "sizing": [asdict(it) for it in sizes],
        },
        tables=[
            Table(
                "Workers on two cores that the broker shares",
                ["workers", "events/s in all", "events/s of a core"],
                [[count, walls[count], Spread.over(it.cpu for it in of_count)] for count, of_count in speeds.items()],
            ),
            Table(
                f"Computed: {BUSY:.0%} busy, {CUSTOMERS_PER_EVENT} customers for each event a second, "
                f"{REPLICATION} copies, {BROKER_BYTES / 1e6:.0f} MB/s written by a broker",
                ["events/s", "customers", "workers (cores)", "partitions", "GB a worker", "MB/s written", "brokers"],
                [_row(it) for it in sizes],
            ),
        ],
        pictures=[
            Bars(
                "scale",
                "Workers on two cores that the broker shares",
                "events a second",
                {"": [Bar(f"workers: {count}", wall, ours=True) for count, wall in walls.items()]},
            )
        ],
    )


def _row(it: Sizing) -> list[object]:
    memory, written = it.bytes_per_worker / 1e9, it.bytes_written / 1e6
    return [it.rate, it.customers, it.workers, it.partitions, memory, written, it.brokers]
