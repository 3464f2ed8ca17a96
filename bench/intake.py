"""How many events a second does one server take over HTTP, and how long until a transition can be read?

    python -m bench intake                # three rounds: batches of 100 for ten seconds, then a minute at a steady rate
    python -m bench intake --quick

An answer means that Apache Kafka has all of a batch. Server, broker, worker and client share the machine. The limit is
the same client that writes the same events to Kafka by itself, in the same way as the server does.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import psutil

from bench.installation import Installation, kafka, until
from bench.intake_client import IN_BATCH, over_http, steadily, to_kafka
from bench.live_load import sent_at
from bench.report import Report, Say, Size, Spread, Table
from bench.transitions_reader import PERCENTILES, Readings, percentiles, read
from tests.support.serving import Server, serving
from tests.support.waiting import wait_until

GOAL_A_SECOND = 3000
_ORDERS, _OTHERS = 50.0, 500.0
_WARM_SECONDS = 5
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Taken:
    """Batches: events a second, percentiles of a batch in ms, and processor time for each event in µs."""

    a_second: float
    p50: float
    p99: float
    processor: float | None = None


@dataclass(frozen=True, slots=True)
class Visible:
    """Single events at a steady rate: until they are taken, and until their transition can be read, in ms."""

    taken: dict[str, float]
    transition: dict[str, float]


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    ours: list[Taken] = []
    limit: list[Taken] = []
    visible: list[Visible] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        kafka() as installation,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as client,
    ):
        for number in range(size.rounds):
            log = Path(folder) / f"serve-{number}.log"
            place, seconds = installation(None), float(size.of(10, 1))
            with _serving(place, log) as server:
                limit.append(_taken(client.submit(to_kafka, place.settings, seconds).result(), seconds))
                say(f"written directly: {limit[-1]}")
                process = psutil.Process(server.process.pid)
                before = _seconds(process)
                took = client.submit(over_http, server.address, seconds).result()
                ours.append(_taken(took, seconds, _seconds(process) - before))
                say(f"over HTTP: {ours[-1]}")
            # Topics of their own: a worker would first work off all of those events.
            place = installation(None)
            with _serving(place, log) as server:
                visible.append(_visible(place, server.address, client, size.of(60, 5)))
                say(f"visible: {visible[-1]}")
    return _report(ours, limit, visible)


@contextmanager
def _serving(place: Installation, log: Path) -> Iterator[Server]:
    with serving(place.settings, log) as server:
        wait_until(lambda: server.get("/ready").status == 200)
        yield server


def _taken(took: Sequence[float], seconds: float, processor: float | None = None) -> Taken:
    ordered = sorted(took)
    events = len(ordered) * IN_BATCH
    each = None if processor is None else 1e6 * processor / events
    return Taken(events / seconds, ordered[len(ordered) // 2], ordered[int(0.99 * (len(ordered) - 1))], each)


def _visible(place: Installation, address: str, client: ProcessPoolExecutor, seconds: float) -> Visible:
    with place.worker() as worker:
        until(worker.is_ready, [worker], _PATIENCE, "starting")
        taken, readings = asyncio.run(_watched(place, address, client, seconds + _WARM_SECONDS))
    began = min(map(sent_at, readings.orders)) + _WARM_SECONDS * 1000
    measured = [delay for order, delay in readings.orders.items() if sent_at(order) >= began]
    return Visible(percentiles(map(int, taken[int(_WARM_SECONDS * _ORDERS) :])), percentiles(measured))


async def _watched(
    place: Installation, address: str, client: ProcessPoolExecutor, seconds: float
) -> tuple[list[float], Readings]:
    ready, over = asyncio.Event(), Future[None]()
    reading = asyncio.ensure_future(read(place.settings, over.done, ready))
    await ready.wait()
    taken = await asyncio.wrap_future(client.submit(steadily, address, _ORDERS, _OTHERS, seconds))
    over.set_result(None)
    return taken, await reading


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _report(ours: Sequence[Taken], limit: Sequence[Taken], visible: Sequence[Visible]) -> Report:
    rows = []
    for name, rounds in (("over HTTP", ours), ("written to Kafka by the client itself", limit)):
        spreads = [Spread.over(it) for it in zip(*[(one.a_second, one.p50, one.p99) for one in rounds], strict=True)]
        used = [it.processor for it in rounds if it.processor is not None]
        rows.append([name, *spreads, Spread.over(used) if used else "-"])
    steady = []
    for name, delays in (
        ("taken", [it.taken for it in visible]),
        ("its transition can be read", [it.transition for it in visible]),
    ):
        steady.append([name, *(Spread.over(it[share] for it in delays) for share in PERCENTILES)])
    return Report(
        bench="intake",
        figures={
            "goal_a_second": GOAL_A_SECOND,
            "over_http": [asdict(it) for it in ours],
            "written_directly": [asdict(it) for it in limit],
            "steady": {"orders": _ORDERS, "others": _OTHERS, "rounds": [asdict(it) for it in visible]},
        },
        tables=[
            Table(
                f"Batches of {IN_BATCH} events",
                ["how", "events a second", "p50 of a batch, ms", "p99 of a batch, ms", "µs of the server an event"],
                rows,
            ),
            Table(
                f"{_ORDERS:.0f} orders a second, each alone, beside {_OTHERS:.0f} other events: ms until it is",
                ["until", *PERCENTILES],
                steady,
            ),
        ],
    )
