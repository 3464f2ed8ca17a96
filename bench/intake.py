"""How many events a second does one server take over HTTP?

    python -m bench intake                # three rounds of ten seconds: batches of 100, and the same written directly
    python -m bench intake --quick

An answer means that Apache Kafka has all of a batch. Server, broker and client share the machine. The limit is
the same client that writes the same events to Kafka by itself, in the same way as the server does.
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import psutil

from bench.installation import Installation, kafka
from bench.intake_client import IN_BATCH, over_http, to_kafka
from bench.report import Report, Say, Size, Spread, Table
from tests.support.serving import Server, serving
from tests.support.waiting import wait_until

GOAL_A_SECOND = 3000


@dataclass(frozen=True, slots=True)
class Taken:
    """Batches: events a second, percentiles of a batch in ms, and processor time for each event in µs."""

    a_second: float
    p50: float
    p99: float
    processor: float | None = None


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    ours: list[Taken] = []
    limit: list[Taken] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        kafka() as installation,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as client,
    ):
        for number in range(size.rounds):
            log = Path(folder) / f"serve-{number}.log"
            place, seconds = installation(None), size.of(100, 3) / 10
            with _serving(place, log) as server:
                limit.append(_taken(client.submit(to_kafka, place.settings, seconds).result(), seconds))
                say(f"written directly: {limit[-1]}")
                process = psutil.Process(server.process.pid)
                before = _seconds(process)
                took = client.submit(over_http, server.address, seconds).result()
                ours.append(_taken(took, seconds, _seconds(process) - before))
                say(f"over HTTP: {ours[-1]}")
    return _report(ours, limit)


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


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _report(ours: Sequence[Taken], limit: Sequence[Taken]) -> Report:
    rows = []
    for name, rounds in (("over HTTP", ours), ("written to Kafka by the client itself", limit)):
        spreads = [Spread.over(it) for it in zip(*[(one.a_second, one.p50, one.p99) for one in rounds], strict=True)]
        used = [it.processor for it in rounds if it.processor is not None]
        rows.append([name, *spreads, Spread.over(used) if used else "-"])
    return Report(
        bench="intake",
        figures={
            "goal_a_second": GOAL_A_SECOND,
            "over_http": [asdict(it) for it in ours],
            "written_directly": [asdict(it) for it in limit],
        },
        tables=[
            Table(
                f"Batches of {IN_BATCH} events",
                ["how", "events a second", "p50 of a batch, ms", "p99 of a batch, ms", "µs of the server an event"],
                rows,
            ),
        ],
    )
