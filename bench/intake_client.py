"""The client of the intake benchmark: batches as fast as they are taken, and single events at a steady rate."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle

import aiohttp
import orjson
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner

from bench.live_load import first_orders
from schemas.instant import to_text
from streams.connection import client_arguments
from streams.serve.intake.group_writes import GroupWrites, PlacedRecord
from streams.settings import Settings
from streams.sources.source import SourceEvent
from streams.topics import topics_of

IN_BATCH = 100
AT_ONCE = 4
_BODIES = 50
_CUSTOMERS = 5000
_START_MS = 500

Events = list[dict[str, object]]


def over_http(address: str, seconds: float) -> list[float]:
    """Return how long each batch of 100 took to be taken, in ms, four at any time."""

    async def run() -> list[float]:
        bodies = cycle([orjson.dumps({"batch": it}) for it in _batches()])
        async with aiohttp.ClientSession() as session:

            async def send() -> None:
                async with session.post(f"{address}/v1/batch", data=next(bodies)) as answer:
                    assert answer.status == 200, await answer.text()

            return await _closed(send, seconds)

    return asyncio.run(run())


def to_kafka(settings: Settings, seconds: float) -> list[float]:
    """Return how long each batch of the same events took that this process wrote itself, in ms, four at any time."""

    async def run() -> list[float]:
        partitions, partition_of = list(range(settings.partitions)), DefaultPartitioner()
        topic = topics_of(settings).own_inputs[1]

        def placed(event: dict[str, object]) -> PlacedRecord:
            key = str(event["userId"]).encode()
            place = TopicPartition(topic, partition_of(key, partitions, partitions))
            return PlacedRecord(place, key, orjson.dumps(event), _now())

        batches = cycle([[placed(event) for event in batch] for batch in _batches()])
        async with AIOKafkaProducer(
            **client_arguments(settings), enable_idempotence=True, compression_type="zstd", max_batch_size=256 * 1024
        ) as producer:
            writes = GroupWrites(producer)
            running = asyncio.create_task(writes.run())
            took = await _closed(lambda: writes.write(next(batches)), seconds)
            running.cancel()
            return took

    return asyncio.run(run())


def steadily(address: str, orders: float, others: float, seconds: float) -> list[float]:
    """Send first orders one by one, and others in batches, at so many a second; return how long an order took in ms."""

    async def run() -> list[float]:
        begin = _now() + _START_MS
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def send(at: int, path: str, body: bytes) -> float:
                await asyncio.sleep((at - _now()) / 1000)
                async with session.post(f"{address}{path}", data=body) as answer:
                    assert answer.status == 200, await answer.text()
                return float(_now() - at)

            single = [
                send(it.instant, "/v1/track", it.value) for it in _until(begin, seconds, first_orders(begin, orders, 1))
            ]
            bodies = cycle([orjson.dumps({"batch": it}) for it in _batches()])
            many = [
                send(begin + int(number * 1000 * IN_BATCH / others), "/v1/batch", next(bodies))
                for number in range(int(seconds * others / IN_BATCH))
            ]
            return (await asyncio.gather(*single, *many))[: len(single)]

    return asyncio.run(run())


def _until(begin: int, seconds: float, events: Iterator[SourceEvent]) -> Iterator[SourceEvent]:
    for event in events:
        if event.instant >= begin + seconds * 1000:
            return
        yield event


async def _closed(send: Callable[[], Awaitable[None]], seconds: float) -> list[float]:
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def one_after_another() -> None:
        while (began := time.perf_counter()) < end:
            await send()
            took.append(1000 * (time.perf_counter() - began))

    await asyncio.gather(*[one_after_another() for _ in range(AT_ONCE)])
    return took


def _batches() -> list[Events]:
    """Return batches of views of products, as an SDK sends them: about 400 bytes each."""
    return [[_view(number * IN_BATCH + place) for place in range(IN_BATCH)] for number in range(_BODIES)]


def _view(number: int) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Product Viewed",
        "userId": f"customer-{number * 7919 % _CUSTOMERS}",
        "messageId": f"view-{_now()}-{number:08d}",
        "timestamp": to_text(_now()),
        "properties": {"product_id": f"p{number % 500}", "category": "Toys", "price": 12.5, "currency": "USD"},
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}, "ip": "198.51.100.7"},
        "integrations": {},
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
