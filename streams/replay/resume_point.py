"""What an earlier replay left on the topics: the instant of each partition's last record."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.connection import client_arguments
from streams.settings import Settings

_PATIENCE_MS = 5_000


async def last_instants(settings: Settings, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """The record time (ms since 1970) of each partition's last record; nothing for a partition without records.

    A replay writes each partition in the order of time, so what is older than its last record lies there.
    """
    consumer = AIOKafkaConsumer(**client_arguments(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(places)
        first = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
        awaited = {place for place in places if ends[place] > first[place]}
        if not awaited:
            return {}
        consumer.assign(list(awaited))
        for place in awaited:
            consumer.seek(place, ends[place] - 1)
        return await _read(consumer, awaited)
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, awaited: set[TopicPartition]) -> dict[TopicPartition, int]:
    found: dict[TopicPartition, int] = {}
    while len(found) < len(awaited):
        fetched = await consumer.getmany(timeout_ms=_PATIENCE_MS)
        if not fetched:  # the last record is a transaction's marker: somebody else writes here
            return found
        for place, records in fetched.items():
            found[place] = records[-1].timestamp
    return found
