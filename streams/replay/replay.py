"""A replay: a source's events produced into the input topics, in order, with watermarks that let time pass."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.codec import has_zstd
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from schemas.event_types import BROWSING, PROFILES, PURCHASES, SUPPORT
from schemas.instant import to_text
from streams.connection import client_arguments
from streams.partitions.watermarks import WATERMARK_KEY
from streams.replay.rate_limit import Pace, Pacing
from streams.replay.resume_point import last_instants
from streams.settings import Settings
from streams.sources.source import Source, SourceEvent
from streams.topics import topics_of

AS_FAST_AS_IT_GOES = Pace()
_KINDS = (PURCHASES, BROWSING, SUPPORT, PROFILES)
_BATCH_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay has come.

    ``sent`` events are acknowledged by Kafka, ``skipped`` ones lay there from an earlier replay; at the end
    they are ``total`` together. ``instant`` is the event time reached (ms since 1970).
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
    pace: Pace = AS_FAST_AS_IT_GOES,
) -> Progress:
    """Produce the events up to ``end`` (ms since 1970; without it all of them), then a final watermark.

    The last watermark says ``end``, or the last event's instant. The topics must exist, and nobody else should
    write to them meanwhile. What an interrupted replay of the same source has left on the topics is not sent
    again, but for events of the very instant at which it was cut: those the processor drops by their messageId.
    Raises ``aiokafka.errors.KafkaError`` when an event could not be written; what was sent before it stays.
    """
    events = [event for event in source.events if end is None or event.instant <= end]
    async with AIOKafkaProducer(
        **client_arguments(settings),
        enable_idempotence=True,
        compression_type="zstd" if has_zstd() else "gzip",
        linger_ms=20,
        max_batch_size=_BATCH_BYTES,
    ) as producer:
        inputs = await _Inputs.open(producer, settings)
        there = await last_instants(settings, inputs.places)
        left = [event for event in events if event.instant >= there.get(inputs.place_of(event), event.instant)]
        pacing = Pacing(pace, [event.instant for event in left])
        started = time.monotonic()
        sent, reached = 0, left[0].instant if left else 0

        def progress() -> Progress:
            return Progress(sent, len(events) - len(left), len(events), reached, time.monotonic() - started)

        if left:
            # Before the first event, so that a topic without one yet is known to hold the others back.
            await inputs.send_watermark(reached, final=False)
        while sent < len(left):
            until, reached = await pacing.deal(sent)
            await inputs.send(left[sent:until])
            # After the events, never before them: it says that nothing older will come.
            await inputs.send_watermark(reached, final=False)
            sent = until
            on_progress(progress())
        if end is not None or events:
            reached = events[-1].instant if end is None else end
            await inputs.send_watermark(reached, final=True)
        return progress()


class _Inputs:
    """The input topics, as a replay writes to them."""

    def __init__(self, producer: AIOKafkaProducer, places: Mapping[str, Sequence[TopicPartition]]) -> None:
        self._producer = producer
        self._by_kind = places
        self._partition_of = DefaultPartitioner()
        self._known: dict[tuple[str, bytes | None], TopicPartition] = {}
        self.places = [place for of_kind in places.values() for place in of_kind]

    @classmethod
    async def open(cls, producer: AIOKafkaProducer, settings: Settings) -> "_Inputs":
        places = {}
        for kind, topic in zip(_KINDS, topics_of(settings).inputs, strict=True):
            partitions = await producer.partitions_for(topic)
            places[kind] = [TopicPartition(topic, partition) for partition in sorted(partitions)]
        return cls(producer, places)

    def place_of(self, event: SourceEvent) -> TopicPartition:
        """The partition of the event's key, the same on each topic; the first one for events without a key."""
        known = self._known.get((event.topic, event.key))
        if known is None:
            places = self._by_kind[event.topic]
            numbers = [place.partition for place in places]
            known = places[0] if event.key is None else places[self._partition_of(event.key, numbers, numbers)]
            self._known[event.topic, event.key] = known
        return known

    async def send(self, events: Sequence[SourceEvent]) -> None:
        """Return when Kafka has acknowledged all of them, or raise."""
        # Batches of our own making: a task and a future for each record would cost four times as much.
        batches: dict[TopicPartition, BatchBuilder] = {}
        sends: list[Awaitable[object]] = []
        for event in events:
            place = self.place_of(event)
            batch = batches.get(place)
            if batch is None or not self._taken(batch, event):
                if batch is not None:
                    sends.append(await self._producer.send_batch(batch, place.topic, partition=place.partition))
                batch = batches[place] = self._producer.create_batch()
                self._taken(batch, event)
        for place, batch in batches.items():
            sends.append(await self._producer.send_batch(batch, place.topic, partition=place.partition))
        await asyncio.gather(*sends)

    @staticmethod
    def _taken(batch: BatchBuilder, event: SourceEvent) -> bool:
        return batch.append(key=event.key, value=event.value, timestamp=event.instant) is not None

    async def send_watermark(self, instant: int, *, final: bool) -> None:
        """Say on each partition that this replay brings nothing older than ``instant`` any more."""
        value = orjson.dumps({"type": "watermark", "timestamp": to_text(instant), "final": final})
        sends = [
            self._producer.send_and_wait(topic, value, key=WATERMARK_KEY, partition=partition, timestamp_ms=instant)
            for topic, partition in self.places
        ]
        await asyncio.gather(*sends)
