"""The stream of the engine benchmark: orders of many customers, written once and read by every program."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from aiokafka import AIOKafkaProducer

from bench.peers.job import LARGE

PARTITIONS = 4
_START = 1_760_000_000.0
_DAYS = 8
_DRAWN_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Population:
    """A number of customers who order equally often, or (Zipf) the n-th with a weight of 1/n."""

    customers: int
    zipf: bool = False

    @property
    def title(self) -> str:
        """The name in tables and pictures."""
        return f"{self.customers:,} customers, {'Zipf' if self.zipf else 'uniform'}"


def orders(population: Population, events: int) -> Iterator[tuple[int, float, float]]:
    """Yield (customer, instant in seconds, amount), the same ones each time."""
    draw = random.Random(population.customers * 2 + population.zipf)
    everybody = range(population.customers)
    weights = list(accumulate(1 / (rank + 1) for rank in everybody)) if population.zipf else None
    step = _DAYS * 86400 / events
    for begin in range(0, events, _DRAWN_AT_ONCE):
        chosen = draw.choices(everybody, cum_weights=weights, k=min(_DRAWN_AT_ONCE, events - begin))
        for place, customer in enumerate(chosen, start=begin):
            yield customer, _START + place * step, round(draw.random() * 100, 2)


async def produce(population: Population, events: int, broker: str, topic: str) -> int:
    """Write the orders; return how many of them must be announced."""
    large = 0
    async with AIOKafkaProducer(bootstrap_servers=broker, max_batch_size=900_000) as producer:
        batches = [producer.create_batch() for _ in range(PARTITIONS)]
        for number, (customer, at, amount) in enumerate(orders(population, events)):
            partition = customer % PARTITIONS
            key, value = b"c%d" % customer, _event(number, customer, at, amount)
            if batches[partition].append(key=key, value=value, timestamp=int(at * 1000)) is None:
                await _send(producer, batches[partition], topic, partition)
                batches[partition] = producer.create_batch()
                batches[partition].append(key=key, value=value, timestamp=int(at * 1000))
            large += amount >= LARGE
        for partition, batch in enumerate(batches):
            await _send(producer, batch, topic, partition)
    return large


def _event(number: int, customer: int, at: float, amount: float) -> bytes:
    return (
        b'{"type":"track","event":"Order Completed","messageId":"m-%d","userId":"c%d","at":%.3f,"amount":%.2f,'
        b'"currency":"EUR"}' % (number, customer, at, amount)
    )


async def _send(producer: AIOKafkaProducer, batch: Any, topic: str, partition: int) -> None:
    batch.close()
    await (await producer.send_batch(batch, topic, partition=partition))
