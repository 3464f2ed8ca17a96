"""Reading topics."""

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.settings import Settings


async def read(settings: Settings, *names: str) -> list[ConsumerRecord]:
    """Return all committed records of these topics, each partition in its order."""
    records: list[ConsumerRecord] = []
    async with AIOKafkaConsumer(
        bootstrap_servers=settings.broker,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    ) as consumer:
        places = [TopicPartition(name, partition) for name in names for partition in range(settings.partitions)]
        consumer.assign(places)
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, begins[place])
        while left := [place for place in places if await consumer.position(place) < ends[place]]:
            for fetched in (await consumer.getmany(*left, timeout_ms=300)).values():
                records += fetched
    return records
