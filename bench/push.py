"""How long is a transition on its way to everybody who listens, and what do many listeners cost a server?

    python -m bench push               # three rounds of twenty seconds each: with 1, 100 and 500 readers
    python -m bench push --quick

Fifty transitions a second are written to Apache Kafka, in a transaction as soon as one is due. Every reader gets every
one. Its way begins with the transaction. Kafka, server and the client, which reads for all, share the machine.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

import psutil
from aiokafka import AIOKafkaProducer

from bench.push_client import Arrivals, listen
from bench.report import LeftOutError, Report, Say, Size, Spread, Table
from streams.embedded.ports import HOST, free_port
from streams.settings import Settings
from streams.topics import create
from tests.support.event_stream import wait_until_it_streams
from tests.support.kafka_records import Written
from tests.support.servers import apache_kafka, apache_kafka_missing
from tests.support.serving import Server, serving
from tests.support.told_transitions import Telling
from tests.support.waiting import until

GOAL_READERS, GOAL_P99_MS = 500, 1000
_RATE = 50
_READERS = (1, 100, GOAL_READERS)


@dataclass(frozen=True, slots=True)
class Pushed:
    """With so many readers: percentiles of the way in ms, what the server needs, and losses.

    ``processor`` is its share of a core in percent, ``each`` its time for one event to one reader in µs.
    """

    readers: int
    p50: Spread
    p99: Spread
    longest: Spread
    processor: Spread
    each: Spread
    lost: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Round:
    arrivals: Arrivals
    written: int
    processor: float
    dropped: int


def measure(size: Size, say: Say) -> Report:
    """Measure and report, see ``bench.report.Bench``."""
    missing = apache_kafka_missing()
    if missing is not None:
        raise LeftOutError(missing)
    rounds: dict[int, list[_Round]] = {}
    with tempfile.TemporaryDirectory() as folder, apache_kafka(Path(folder) / "kafka") as kafka:
        settings = Settings(broker=kafka.bootstrap, redis_url=f"redis://{HOST}:{free_port()}/0")
        asyncio.run(create(settings))
        with (
            serving(settings, Path(folder) / "serve.log") as server,
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as client,
        ):
            wait_until_it_streams(server)
            for _ in range(size.rounds):
                for readers in _READERS[: size.of(3, 2)]:
                    found = asyncio.run(_round(settings, server, client, readers, size.of(20, 1)))
                    rounds.setdefault(readers, []).append(found)
                    p99 = found.arrivals.percentile(0.99)
                    say(f"{readers} readers: p99 {p99:.0f} ms, the server {found.processor:.0f} % of a core")
    return _report([_pushed(readers, it) for readers, it in rounds.items()])


async def _round(settings: Settings, server: Server, client: ProcessPoolExecutor, readers: int, seconds: int) -> _Round:
    process = psutil.Process(server.process.pid)
    count = seconds * _RATE
    dropped = _metrics(server)["dropped"]
    listening = asyncio.get_running_loop().run_in_executor(client, listen, server.address, readers, count)

    async def all_there() -> bool:
        return (await asyncio.to_thread(_metrics, server))["open"] == readers

    await until(all_there, what=f"{readers} readers")
    before, began = _seconds(process), time.perf_counter()
    await _write(settings, count)
    processor = 100 * (_seconds(process) - before) / (time.perf_counter() - began)
    arrivals = await listening

    async def all_gone() -> bool:
        return (await asyncio.to_thread(_metrics, server))["open"] == 0

    await until(all_gone, what="the end of the readers")
    return _Round(arrivals, count * readers, processor, int(_metrics(server)["dropped"] - dropped))


async def _write(settings: Settings, count: int) -> None:
    """Write transitions at a steady rate, all that are due in one transaction, as a worker does.

    The messageId of each is the instant at which its transaction began, in ns.
    """
    waiting = Telling(settings, Random(1), customers=1000).some(count)
    async with AIOKafkaProducer(bootstrap_servers=settings.broker, transactional_id="bench") as producer:
        began = time.monotonic()
        while waiting:
            left = count - int((time.monotonic() - began) * _RATE)
            due, waiting = waiting[: len(waiting) - max(0, left)], waiting[len(waiting) - max(0, left) :]
            if due:
                await _write_together(producer, due)
            else:
                await asyncio.sleep((count - left + 1) / _RATE - (time.monotonic() - began))


async def _write_together(producer: AIOKafkaProducer, records: Sequence[Written]) -> None:
    now = time.time_ns()
    async with producer.transaction():
        for topic, partition, key, value, at in records:
            head, _, rest = (value or b"").partition(b'"messageId":"')
            stamped = b'%s"messageId":"%d"%s' % (head, now, rest.partition(b'"')[2])
            await producer.send(topic, stamped, key, partition, at)


def _metrics(server: Server) -> Mapping[str, float]:
    lines = [it.split() for it in server.get("/metrics").body.decode().splitlines() if it[0] != "#"]
    values = {words[0]: float(words[-1]) for words in lines}
    dropped = sum(it for name, it in values.items() if name.startswith("lifestage_serve_streams_dropped_total"))
    return {"open": values["lifestage_serve_streams"], "dropped": dropped}


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _pushed(readers: int, rounds: list[_Round]) -> Pushed:
    return Pushed(
        readers,
        Spread.over(it.arrivals.percentile(0.5) for it in rounds),
        Spread.over(it.arrivals.percentile(0.99) for it in rounds),
        Spread.over(it.arrivals.percentile(1.0) for it in rounds),
        Spread.over(it.processor for it in rounds),
        Spread.over(it.processor * 10_000 / (_RATE * readers) for it in rounds),
        sum(it.written - it.arrivals.count for it in rounds),
        sum(it.dropped for it in rounds),
    )


def _report(pushed: list[Pushed]) -> Report:
    return Report(
        bench="push",
        figures={
            "goals": {"readers": GOAL_READERS, "p99_ms": GOAL_P99_MS},
            "transitions_a_second": _RATE,
            "pushed": [asdict(it) for it in pushed],
        },
        tables=[
            Table(
                f"{_RATE} transitions a second to every reader",
                ["readers", "p50 ms", "p99 ms", "longest ms", "% of a core", "µs each", "lost", "dropped"],
                [[it.readers, it.p50, it.p99, it.longest, it.processor, it.each, it.lost, it.dropped] for it in pushed],
            )
        ],
    )
