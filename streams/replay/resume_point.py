"""Where an interrupted replay resumes: the record time of each partition's last record."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.connection import client_arguments, refusals
from streams.settings import Settings

_FETCH_TIMEOUT_MS = 5_000


async def last_record_times(settings: Settings, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Read the time (ms since 1970) of each partition's last record; empty partitions are left out.

    A replay writes each partition in the order of time, so all events older than its last record are there already.
    """
    consumer = AIOKafkaConsumer(**client_arguments(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    async with refusals(settings, "Read"):
        try:
            await consumer.start()
            consumer.assign(partitions)
            begins = await consumer.beginning_offsets(partitions)
            ends = await consumer.end_offsets(partitions)
            filled = {partition for partition in partitions if ends[partition] > begins[partition]}
            if not filled:
                return {}
            consumer.assign(list(filled))
            for partition in filled:
                consumer.seek(partition, ends[partition] - 1)
            return await _read(consumer, filled)
        finally:
            await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, partitions: set[TopicPartition]) -> dict[TopicPartition, int]:
    found: dict[TopicPartition, int] = {}
    while len(found) < len(partitions):
        fetched = await consumer.getmany(timeout_ms=_FETCH_TIMEOUT_MS)
        if not fetched:  # the last record is a transaction's control record: another producer writes here
            return found
        for partition, records in fetched.items():
            found[partition] = records[-1].timestamp
    return found
