"""Reading whole topics: the committed records, and the number of others."""

import asyncio
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

_ANSWER_MS = 500
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One record."""

    topic: str
    partition: int
    offset: int
    time: int
    key: bytes | None
    value: bytes | None


async def read(bootstrap: str, names: list[str], partitions: int, isolation: str) -> list[Seen]:
    """Every record in the order of the log, partition by partition; from the first offset on, always.

    A reader that starts in the middle trusts the broker's list of aborted transactions, which not every broker
    keeps well.
    """
    places = [TopicPartition(name, number) for name in names for number in range(partitions)]
    found: dict[TopicPartition, list[Seen]] = {place: [] for place in places}
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        isolation_level=isolation,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    async with consumer, asyncio.timeout(_PATIENCE_SECONDS * 5):
        consumer.assign(places)
        begins = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, begins[place])
        while left := [place for place in places if await consumer.position(place) < ends[place]]:
            for place, records in (await consumer.getmany(*left, timeout_ms=_ANSWER_MS)).items():
                found[place] += [
                    Seen(place.topic, place.partition, it.offset, it.timestamp, it.key, it.value) for it in records
                ]
    return [record for place in places for record in found[place]]


async def ends(bootstrap: str, names: list[str], partitions: int, isolation: str) -> dict[tuple[str, int], int]:
    """The offset after the last one that such a reader may read."""
    places = [TopicPartition(name, number) for name in names for number in range(partitions)]
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap.split(","), isolation_level=isolation, enable_auto_commit=False
    ) as consumer:
        consumer.assign(places)
        return {(place.topic, place.partition): end for place, end in (await consumer.end_offsets(places)).items()}
