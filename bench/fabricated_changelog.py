"""A changelog written without a worker: the snapshots of a population and their position."""

from collections.abc import Iterable, Iterator
from itertools import islice

from aiokafka.partitioner import DefaultPartitioner

from agents.batch import Position
from bench.population import Population
from streams.partitions.position import encode_position
from streams.partitions.transaction import GroupTransaction
from streams.settings import Settings
from streams.topics import topics_of

_CUSTOMERS_PER_TRANSACTION = 4000


async def fabricate(settings: Settings, population: Population, customers: int) -> None:
    """Write the first so many customers into the changelog, in transactions like a worker's.

    The position says that nothing of the inputs was counted: records that lie there come next. Raises ``KafkaError``.
    """
    partition_of = DefaultPartitioner()
    partitions = list(range(settings.partitions))
    transactions = [GroupTransaction(settings, partition) for partition in partitions]
    start = dict.fromkeys(topics_of(settings).inputs, 0)
    marker = encode_position(Position(start, population.instant - 1, partitioner=settings.partitioner))
    try:
        for transaction in transactions:
            await transaction.fence()
        for some in _portions(population.snapshots(customers), _CUSTOMERS_PER_TRANSACTION * len(partitions)):
            parts: list[dict[bytes, bytes]] = [{} for _ in partitions]
            for key, value in some:
                parts[partition_of(key, partitions, partitions)][key] = value
            for part, transaction in zip(parts, transactions, strict=True):
                await transaction.begin()
                await transaction.send_changes(part, marker)
                await transaction.acknowledged()
                await transaction.commit()
    finally:
        for transaction in transactions:
            await transaction.discard()


def _portions(pairs: Iterator[tuple[bytes, bytes]], size: int) -> Iterable[list[tuple[bytes, bytes]]]:
    while portion := list(islice(pairs, size)):
        yield portion
