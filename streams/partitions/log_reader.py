"""A reader of logs that are there for good: outside of any group, from the offsets that it is told."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.connection import client_arguments
from streams.settings import Settings


@asynccontextmanager
async def log_reader(settings: Settings, places: Sequence[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
    """Connect a client that has these partitions for good, paused: assigned anew, it may not end.

    It reads committed records only. Raises ``KafkaError``.
    """
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        consumer.assign(places)
        consumer.pause(*places)
        yield consumer
    finally:
        await consumer.stop()
