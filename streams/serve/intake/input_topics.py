"""The input topics as the intake writes to them: found again by itself whenever Kafka was away."""

import asyncio
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import NoReturn

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.codec import has_zstd
from aiokafka.errors import KafkaError

from schemas.event_types import TOPIC_KINDS
from streams.connection import client_arguments, refusals
from streams.partitioner import UNKNOWN, KeyPartition, key_partition, remembered
from streams.refusal import RefusedError
from streams.serve.intake.group_writes import GroupWrites, PlacedRecord
from streams.serve.intake.room import RETRY_SECONDS
from streams.serve.intake.sent_events import EventRecord
from streams.serve.problems import ProblemError, why_of
from streams.settings import Settings
from streams.topics import TopicsError, check_inputs, topics_of

_BATCH_BYTES = 256 * 1024
_OPEN_SECONDS = 10.0
_PAUSE_SECONDS = 1.0

logger = logging.getLogger(__name__)


class InputTopics:
    """The four input topics. What they lack is in ``lack``, which is empty while they can be written to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topics = dict(zip(TOPIC_KINDS, topics_of(settings).own_inputs, strict=True))
        partition_of = key_partition(settings.partitioner, settings.partitions)
        self._partition_of = None if partition_of is None else remembered(partition_of)
        self._writes: GroupWrites | None = None
        self._lack = UNKNOWN if partition_of is None else "Kafka is not reached yet"

    @property
    def lack(self) -> str:
        """What is lacking for a time, in words; nothing where a setting is against it, since that does not pass."""
        if self._partition_of is None:
            return ""
        if self._writes is None:
            return self._lack
        return f"Kafka at {self._settings.broker} acknowledges nothing" if self._writes.is_stalled else ""

    async def write(self, records: Iterable[EventRecord]) -> None:
        """Write events in their order; return when Kafka has all of them. Raises ``ProblemError`` if it has not."""
        if self._writes is None or self._partition_of is None:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, self._lack, RETRY_SECONDS)
        await self._writes.write([self._placed(record, self._partition_of) for record in records])

    def _placed(self, record: EventRecord, partition_of: KeyPartition) -> PlacedRecord:
        # One without a key is nobody's, and rejected: as in a replay, it goes to the first partition.
        partition = 0 if record.key is None else partition_of(record.key)
        return PlacedRecord(
            TopicPartition(self._topics[record.topic], partition), record.key, record.value, record.time
        )

    async def run(self) -> NoReturn:
        """Keep the topics open until cancelled; never, if the partition of a key is not known."""
        if self._partition_of is None:
            logger.warning("no events are taken: %s", self._lack)
            await asyncio.Event().wait()
        while True:
            try:
                async with refusals(self._settings, "Write"):
                    await self._write_until_it_fails()
            except (TopicsError, RefusedError) as error:
                self._lacks(str(error))
            except (KafkaError, OSError, TimeoutError) as error:
                self._lacks(f"Kafka at {self._settings.broker} does not answer: {why_of(error)}")
            except Exception:
                self._lack = "writing to Kafka failed: the log of the server says how"
                logger.exception(self._lack)
            await asyncio.sleep(_PAUSE_SECONDS)

    def _lacks(self, lack: str) -> None:
        if lack != self._lack:
            logger.warning("no events are taken: %s", lack)
        self._lack = lack

    async def _write_until_it_fails(self) -> None:
        producer = AIOKafkaProducer(
            **client_arguments(self._settings),
            enable_idempotence=True,  # which waits for all replicas in sync
            compression_type="zstd" if has_zstd() else "gzip",
            max_batch_size=_BATCH_BYTES,
        )
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await check_inputs(self._settings)
                await producer.start()
            writes = self._writes = GroupWrites(producer)
            logger.info("events are taken, and written to Kafka at %s", self._settings.broker)
            self._lack = "Kafka failed a write"
            await writes.run()
        finally:
            self._writes = None
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    # One that is not through with a write would wait for it for ever.
    try:
        async with asyncio.timeout(_PAUSE_SECONDS):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        logger.info("the old producer did not end in order: %r", error)
