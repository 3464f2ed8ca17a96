"""Reads of one topic for people: committed records only, outside of any consumer group."""

import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import administration, client_arguments, refusals
from streams.rights import check_visible
from streams.settings import Settings

logger = logging.getLogger(__name__)

_FETCH_TIMEOUT_MS = 500
_OPEN_SECONDS = 10.0
"""So long a read waits behind an open transaction: that of a worker that was killed is open until it times out."""

_STILL_OPEN = (
    "%s: a transaction is still open in partitions %s, so what was written since it began is left out; "
    "ask again once the worker runs, or the transaction has timed out"
)


class TopicUnreadableError(Exception):
    """A topic that cannot be read; the message names the topic and the broker."""


class TopicReader:
    """A reader of all partitions of one topic; ``read_to`` is where ``until_now`` ended last, by partition.

    ``uncommitted`` is a consumer for which a partition ends behind its last record, committed or not.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, uncommitted: AIOKafkaConsumer, partitions: list[TopicPartition]
    ) -> None:
        self._consumer = consumer
        self._uncommitted = uncommitted
        self._partitions = partitions
        self.read_to: Mapping[int, int] = {}

    async def until_now(self, start: Mapping[int, int] | None = None) -> AsyncIterator[ConsumerRecord]:
        """Yield every committed record that is in the topic at the moment, or those from these offsets on.

        A transaction may be committed before each of its partitions knows it, so this waits for what is open, but not
        longer than ``_OPEN_SECONDS`` without a record: then a warning says what was left out.
        """
        ends = await self._uncommitted.end_offsets(self._partitions)
        if start is None:
            await self._from_beginning()
        else:
            for it in self._partitions:
                self._consumer.seek(it, start[it.partition])
        read_at = time.monotonic()
        while behind := [it for it in self._partitions if await self._consumer.position(it) < ends[it]]:
            fetched = await self._consumer.getmany(*behind, timeout_ms=_FETCH_TIMEOUT_MS)
            if fetched:
                read_at = time.monotonic()
            elif time.monotonic() - read_at > _OPEN_SECONDS:
                logger.warning(_STILL_OPEN, behind[0].topic, ", ".join(str(it.partition) for it in behind))
                break
            for partition, records in fetched.items():
                for record in records:
                    if record.offset < ends[partition]:
                        yield record
        self.read_to = {it.partition: min(await self._consumer.position(it), end) for it, end in ends.items()}

    async def offsets_at(self, instant: int) -> Mapping[int, int]:
        """Return by partition the offset of the first record that is not older than an instant (ms since 1970)."""
        ends = await self._consumer.end_offsets(self._partitions)
        found = await self._consumer.offsets_for_times(dict.fromkeys(self._partitions, instant))
        return {it.partition: ends[it] if (at := found.get(it)) is None else at.offset for it in self._partitions}

    async def follow(self, from_beginning: bool) -> AsyncIterator[ConsumerRecord]:
        """Yield committed records as they arrive, for ever; without ``from_beginning`` only new ones."""
        if from_beginning:
            await self._from_beginning()
        else:
            for partition, end in (await self._consumer.end_offsets(self._partitions)).items():
                self._consumer.seek(partition, end)
        async for record in self._consumer:
            yield record

    async def at(self, partition: int, offset: int) -> ConsumerRecord | None:
        """Return one record, None when the topic no longer has it."""
        found = next((it for it in self._partitions if it.partition == partition), None)
        if found is None:
            return None
        begin = (await self._consumer.beginning_offsets([found]))[found]
        end = (await self._consumer.end_offsets([found]))[found]
        if not begin <= offset < end:
            return None
        self._consumer.seek(found, offset)
        while await self._consumer.position(found) <= offset:
            for record in (await self._consumer.getmany(found, timeout_ms=_FETCH_TIMEOUT_MS, max_records=1)).get(
                found, []
            ):
                return record if record.offset == offset else None
        return None

    async def _from_beginning(self) -> None:
        # Not seek_to_beginning: right after an assignment it can seek to the end of the log.
        for partition, begin in (await self._consumer.beginning_offsets(self._partitions)).items():
            self._consumer.seek(partition, begin)


@asynccontextmanager
async def open_topic(settings: Settings, topic: str) -> AsyncIterator[TopicReader]:
    """Open a topic for the length of the block; raises ``TopicUnreadableError``, ``RefusedError``."""
    async with consuming(settings, topic) as (consumer, partitions):
        if settings.embedded:  # it may hide commits behind an aborted transaction, and be waited for in vain
            yield TopicReader(consumer, consumer, partitions)
            return
        async with AIOKafkaConsumer(
            **client_arguments(settings), group_id=None, enable_auto_commit=False
        ) as uncommitted:
            yield TopicReader(consumer, uncommitted, partitions)


@asynccontextmanager
async def consuming(
    settings: Settings, topic: str, **arguments: Any
) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    """Consume all partitions of a topic for the length of the block; raises ``TopicUnreadableError``, ``RefusedError``.

    ``arguments`` are those of the client that are not as for people.
    """
    usual = {"isolation_level": "read_committed", "auto_offset_reset": "earliest"}
    consumer = AIOKafkaConsumer(
        **client_arguments(settings), group_id=None, enable_auto_commit=False, **{**usual, **arguments}
    )
    try:
        async with refusals(settings, "Read"):
            partitions = await _partitions(settings, topic)
            await consumer.start()
            consumer.assign(partitions)
            yield consumer, partitions
    except (KafkaError, OSError) as error:
        raise TopicUnreadableError(
            f"{topic} on Kafka at {settings.broker} cannot be read: {str(error) or type(error).__name__}"
        ) from error
    finally:
        await consumer.stop()


async def _partitions(settings: Settings, topic: str) -> list[TopicPartition]:
    # The client logs each address that does not answer; the error that follows says it once.
    logger = logging.getLogger("aiokafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        async with administration(settings) as admin:
            # Not a request for this topic: a broker that creates topics automatically would create it.
            if topic not in await admin.list_topics():
                await check_visible(settings, admin, [topic])
                raise TopicUnreadableError(
                    f"Kafka at {settings.broker} has no topic {topic}; make it with: lifestage topics create"
                )
            (described,) = await admin.describe_topics([topic])
    finally:
        logger.setLevel(level)
    return [TopicPartition(topic, it["partition"]) for it in described["partitions"]]
