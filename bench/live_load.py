"""A live load: events produced at the instants at which they happen, in a process of its own."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from schemas.event_types import PURCHASES, TOPIC_KINDS
from schemas.instant import to_text
from streams.connection import client_arguments
from streams.settings import Settings
from streams.sources.source import SourceEvent
from streams.topics import topics_of

STEP_MS = 10
"""Events are sent in steps of so many ms, as a producer's linger would, and bear the instant of their step."""
_START_MS = 300

Load = Callable[[int], Iterator[SourceEvent]]
"""Events from an instant (ms since 1970) on, sorted."""


def first_orders(begin: int, rate: float, step: int) -> Iterator[SourceEvent]:
    """Yield first orders of new customers, ``rate`` a second, without end; the messageId ends with its instant.

    Each is a transition at once, under any policy.
    """
    number = 0
    while True:
        at = begin + int(number * 1000 / rate) // step * step
        who = f"new-{begin}-{number:07d}"
        value = (
            f'{{"type":"track","event":"Order Completed","messageId":"{who}-{at}","userId":"{who}",'
            f'"timestamp":"{to_text(at)}","properties":{{"order_id":"{who}","total":42.5,"currency":"USD",'
            f'"products":[{{"product_id":"toys-11","category":"Toys","quantity":1,"price":42.5}}]}}}}'
        )
        yield SourceEvent(at, PURCHASES, who.encode(), value.encode())
        number += 1


def sent_at(order: str) -> int:
    """Return the instant (ms since 1970) of a first order, read from its messageId."""
    return int(order.rpartition("-")[2])


def produce(settings: Settings, loads: Sequence[Load], seconds: float) -> float:
    """Send these loads for so long, from now on; return the delay of the latest step in ms.

    Raises ``KafkaError``.
    """
    return asyncio.run(_produce(settings, loads, seconds))


async def _produce(settings: Settings, loads: Sequence[Load], seconds: float) -> float:
    partitions = list(range(settings.partitions))
    topics = dict(zip(TOPIC_KINDS, topics_of(settings).inputs, strict=True))
    partition_of = DefaultPartitioner()
    late = 0.0
    async with AIOKafkaProducer(**client_arguments(settings), enable_idempotence=True) as producer:
        begin = (_now() + _START_MS) // STEP_MS * STEP_MS
        open_loads = [load(begin) for load in loads]
        coming = [next(load, None) for load in open_loads]
        at, end = begin, begin + int(seconds * 1000)
        sent: list[asyncio.Future[object]] = []
        while at < end:
            await asyncio.sleep(max(0.0, (at - _now()) / 1000))
            late = max(late, _now() - at)
            batches: dict[tuple[str, int], BatchBuilder] = {}
            for place, load in enumerate(open_loads):
                while (event := coming[place]) is not None and event.instant <= at:
                    target = topics[event.topic], partition_of(event.key, partitions, partitions)
                    batch = batches.get(target) or batches.setdefault(target, producer.create_batch())
                    batch.append(key=event.key, value=event.value, timestamp=event.instant)
                    coming[place] = next(load, None)
            sent = [future for future in sent if not _is_sent(future)]
            sent += [
                await producer.send_batch(batch, topic, partition=number) for (topic, number), batch in batches.items()
            ]
            at += STEP_MS
        await asyncio.gather(*sent)
    return late


def _is_sent(future: "asyncio.Future[object]") -> bool:
    # Asked for its result, so that a send that failed ends the load.
    return future.done() and future.result() is not None


def _now() -> int:
    return time.time_ns() // 1_000_000
