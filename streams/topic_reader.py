"""Reading a topic as a person does: committed records only, outside of any consumer group."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import administration, client_arguments
from streams.settings import Settings

_ANSWER_MS = 500


class TopicUnreadableError(Exception):
    """A topic that cannot be read; the message says what was tried."""


class TopicReader:
    """One topic of a broker, its partitions assigned by hand."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        self._consumer = consumer
        self._partitions = partitions

    async def until_now(self) -> AsyncIterator[ConsumerRecord]:
        """Every committed record that is in the topic at the moment."""
        ends = await self._consumer.end_offsets(self._partitions)
        await self._from_beginning()
        while behind := [it for it in self._partitions if await self._consumer.position(it) < ends[it]]:
            fetched = await self._consumer.getmany(*behind, timeout_ms=_ANSWER_MS)
            for partition, records in fetched.items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield record

    async def for_ever(self, from_beginning: bool) -> AsyncIterator[ConsumerRecord]:
        """Committed records as they come; without ``from_beginning`` only those that come from now on."""
        if from_beginning:
            await self._from_beginning()
        else:
            for partition, end in (await self._consumer.end_offsets(self._partitions)).items():
                self._consumer.seek(partition, end)
        async for record in self._consumer:
            yield record

    async def at(self, partition: int, offset: int) -> ConsumerRecord | None:
        """One record, None when the topic has it no more."""
        place = next((it for it in self._partitions if it.partition == partition), None)
        if place is None:
            return None
        begin = (await self._consumer.beginning_offsets([place]))[place]
        end = (await self._consumer.end_offsets([place]))[place]
        if not begin <= offset < end:
            return None
        self._consumer.seek(place, offset)
        while await self._consumer.position(place) <= offset:
            for record in (await self._consumer.getmany(place, timeout_ms=_ANSWER_MS, max_records=1)).get(place, []):
                return record if record.offset == offset else None
        return None

    async def _from_beginning(self) -> None:
        # Not seek_to_beginning: right after an assignment it can end at the end of the log.
        for partition, begin in (await self._consumer.beginning_offsets(self._partitions)).items():
            self._consumer.seek(partition, begin)


@asynccontextmanager
async def open_topic(settings: Settings, topic: str) -> AsyncIterator[TopicReader]:
    """Open a topic for the length of a block; raises ``TopicUnreadableError``."""
    consumer = AIOKafkaConsumer(
        **client_arguments(settings),
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    try:
        partitions = await _partitions(settings, topic)
        await consumer.start()
        consumer.assign(partitions)
        yield TopicReader(consumer, partitions)
    except (KafkaError, OSError) as error:
        raise TopicUnreadableError(f"{topic} on Kafka at {settings.broker} cannot be read: {error}") from error
    finally:
        await consumer.stop()


async def _partitions(settings: Settings, topic: str) -> list[TopicPartition]:
    # Kafka's clients log each address that does not answer; the error that follows says it once.
    chatter = logging.getLogger("aiokafka")
    before = chatter.level
    chatter.setLevel(logging.CRITICAL)
    try:
        async with administration(settings) as admin:
            # Asking for a topic by its name would make it, on a broker that creates what is named.
            if topic not in await admin.list_topics():
                raise TopicUnreadableError(
                    f"Kafka at {settings.broker} has no topic {topic}; make it with: lifestage topics create"
                )
            (described,) = await admin.describe_topics([topic])
    finally:
        chatter.setLevel(before)
    return [TopicPartition(topic, it["partition"]) for it in described["partitions"]]
