"""A replay: a source's events produced into the input topics in order, with watermarks that advance the time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.codec import has_zstd
from aiokafka.producer.message_accumulator import BatchBuilder

from agents.batch import Watermark
from schemas.event_types import TOPIC_KINDS
from streams.connection import producing
from streams.environment import SettingsError
from streams.partitioner import UNKNOWN, KeyPartition, key_partition
from streams.partitions.watermarks import WATERMARK_KEY, write_watermark
from streams.replay.rate_limit import RateLimit, RateLimiter
from streams.replay.resume_point import last_record_times
from streams.settings import Settings
from streams.sources.source import Source, SourceEvent
from streams.topics import topics_of

UNLIMITED = RateLimit()
_BATCH_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a replay.

    ``sent`` events are acknowledged by Kafka, ``skipped`` ones were on the topics from an earlier replay; at the end
    both add up to ``total``. ``instant`` is the event time reached (ms since 1970).
    """

    sent: int
    skipped: int
    total: int
    instant: int
    seconds: float


async def replay(
    source: Source,
    settings: Settings,
    on_progress: Callable[[Progress], None],
    end: int | None = None,
    limit: RateLimit = UNLIMITED,
) -> Progress:
    """Produce the events up to ``end`` (ms since 1970; without it all of them), then a final watermark.

    The final watermark is at ``end``, or at the last event's instant. The topics must exist, and no other producer
    should write to them meanwhile. Events that an interrupted replay of the same source has written are not sent
    again, except those of the instant at which it was interrupted: the processor drops them by their messageId.
    Raises ``SettingsError`` if the partition of a key is not known, ``aiokafka.errors.KafkaError`` when an event could
    not be written, and ``RefusedError`` when that is not allowed; those sent before it stay.
    """
    events = [event for event in source.events if end is None or event.instant <= end]
    async with producing(
        settings,
        compression_type="zstd" if has_zstd() else "gzip",
        linger_ms=20,
        max_batch_size=_BATCH_BYTES,
    ) as producer:
        inputs = await _InputTopics.open(producer, settings)
        last_times = await last_record_times(settings, inputs.partitions)
        left = [event for event in events if event.instant >= last_times.get(inputs.partition_of(event), event.instant)]
        limiter = RateLimiter(limit, [event.instant for event in left])
        started = time.monotonic()
        sent, reached = 0, left[0].instant if left else 0

        def progress() -> Progress:
            return Progress(sent, len(events) - len(left), len(events), reached, time.monotonic() - started)

        if left:
            # Before the first event: a topic that has none yet must hold the others back.
            await inputs.send_watermark(reached, final=False)
        while sent < len(left):
            portion_end, reached = await limiter.next_portion(sent)
            await inputs.send(left[sent:portion_end])
            # Never before the events: a watermark promises that nothing older will come.
            await inputs.send_watermark(reached, final=False)
            sent = portion_end
            on_progress(progress())
        if end is not None or events:
            reached = events[-1].instant if end is None else end
            await inputs.send_watermark(reached, final=True)
        return progress()


class _InputTopics:
    """The input topics, as a replay writes to them."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        by_kind: Mapping[str, Sequence[TopicPartition]],
        partition_of: Mapping[str, KeyPartition],
    ) -> None:
        self._producer = producer
        self._by_kind = by_kind
        self._partition_of = partition_of
        self._cache: dict[tuple[str, bytes | None], TopicPartition] = {}
        self.partitions = [partition for of_kind in by_kind.values() for partition in of_kind]

    @classmethod
    async def open(cls, producer: AIOKafkaProducer, settings: Settings) -> "_InputTopics":
        by_kind, partition_of = {}, {}
        for kind, topic in zip(TOPIC_KINDS, topics_of(settings).own_inputs, strict=True):
            numbers = await producer.partitions_for(topic)
            by_kind[kind] = [TopicPartition(topic, number) for number in sorted(numbers)]
            known = key_partition(settings.partitioner, len(numbers))
            if known is None:
                raise SettingsError(UNKNOWN)
            partition_of[kind] = known
        return cls(producer, by_kind, partition_of)

    def partition_of(self, event: SourceEvent) -> TopicPartition:
        """Return the partition of the event's key, the same on each topic; the first one for events without a key."""
        partition = self._cache.get((event.topic, event.key))
        if partition is None:
            partitions = self._by_kind[event.topic]
            partition = partitions[0 if event.key is None else self._partition_of[event.topic](event.key)]
            self._cache[event.topic, event.key] = partition
        return partition

    async def send(self, events: Sequence[SourceEvent]) -> None:
        """Send events; return when Kafka has acknowledged all of them, or raise."""
        # Batches are built here: a task and a future for each record would cost four times as much.
        batches: dict[TopicPartition, BatchBuilder] = {}
        sends: list[Awaitable[object]] = []
        for event in events:
            partition = self.partition_of(event)
            batch = batches.get(partition)
            if batch is None or not self._append(batch, event):
                if batch is not None:
                    sends.append(await self._producer.send_batch(batch, partition.topic, partition=partition.partition))
                batch = batches[partition] = self._producer.create_batch()
                self._append(batch, event)
        for partition, batch in batches.items():
            sends.append(await self._producer.send_batch(batch, partition.topic, partition=partition.partition))
        await asyncio.gather(*sends)

    @staticmethod
    def _append(batch: BatchBuilder, event: SourceEvent) -> bool:
        return batch.append(key=event.key, value=event.value, timestamp=event.instant) is not None

    async def send_watermark(self, instant: int, *, final: bool) -> None:
        """Send a watermark to each partition: this replay sends no more events older than ``instant``."""
        value = write_watermark(Watermark(instant, final))
        sends = [
            self._producer.send_and_wait(topic, value, key=WATERMARK_KEY, partition=partition, timestamp_ms=instant)
            for topic, partition in self.partitions
        ]
        await asyncio.gather(*sends)
