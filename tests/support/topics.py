"""Reading topics."""

import time

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.settings import Settings

_OPEN_SECONDS = 10.0


async def read(settings: Settings, *names: str) -> list[ConsumerRecord]:
    """Return all committed records of these topics, each partition in its order.

    A worker's commit is done before each partition knows it, so this waits a while for what is open.
    """
    records: list[ConsumerRecord] = []
    places = [TopicPartition(name, partition) for name in names for partition in range(settings.partitions)]
    async with (
        AIOKafkaConsumer(bootstrap_servers=settings.broker, enable_auto_commit=False) as uncommitted,
        AIOKafkaConsumer(
            bootstrap_servers=settings.broker,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        ) as consumer,
    ):
        consumer.assign(places)
        begins, ends = await uncommitted.beginning_offsets(places), await uncommitted.end_offsets(places)
        for place in places:
            consumer.seek(place, begins[place])
        read_at = time.monotonic()
        while left := [place for place in places if await consumer.position(place) < ends[place]]:
            fetched = await consumer.getmany(*left, timeout_ms=300)
            for found in fetched.values():
                records += found
            if fetched:
                read_at = time.monotonic()
            elif time.monotonic() - read_at > _OPEN_SECONDS:
                break
    return records
