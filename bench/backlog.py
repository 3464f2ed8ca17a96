"""A backlog: events written to the input topics before a worker starts, and the speed at which it processes them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from bench.installation import until
from bench.worker import Mark, MeasuredWorker
from schemas.event_types import TOPIC_KINDS
from streams.connection import client_arguments
from streams.settings import Settings
from streams.sources.source import SourceEvent
from streams.topics import topics_of

_BATCH_BYTES = 256 * 1024
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
"""A short backlog may be worked off in less than the kernel counts."""
_LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Speed:
    """Events per second of the clock and of the workers' processors."""

    wall: float
    cpu: float


async def write(settings: Settings, events: Sequence[SourceEvent]) -> None:
    """Write events with their own instants as record times, and return when all are there."""
    topics = dict(zip(TOPIC_KINDS, topics_of(settings).inputs, strict=True))
    partitions = list(range(settings.partitions))
    partition_of = DefaultPartitioner()
    async with AIOKafkaProducer(
        **client_arguments(settings), enable_idempotence=True, max_batch_size=_BATCH_BYTES
    ) as producer:
        open_batches: dict[tuple[str, int], BatchBuilder] = {}
        for event in events:
            place = topics[event.topic], partition_of(event.key, partitions, partitions)
            record = {"key": event.key, "value": event.value, "timestamp": event.instant}
            batch = open_batches.get(place)
            if batch is None or batch.append(**record) is None:
                if batch is not None:
                    await (await producer.send_batch(batch, place[0], partition=place[1]))
                batch = open_batches[place] = producer.create_batch()
                batch.append(**record)
        for place, batch in open_batches.items():
            await (await producer.send_batch(batch, place[0], partition=place[1]))


def work_off(workers: Sequence[MeasuredWorker], events: int, seconds: float) -> Speed:
    """Wait until these workers have committed so many events; return their speed while all of them worked."""
    looks = [[worker.mark() for worker in workers]]

    def is_done() -> bool:
        looks.append([worker.mark() for worker in workers])
        return _committed(looks[-1]) >= events

    until(is_done, workers, seconds, "working the backlog off", every=_LOOK_SECONDS)
    # The last look finds them done for a while already. A short backlog has no look in between.
    busy = [look for look in looks if all(mark.events for mark in look)][:-1]
    first, last = (busy[0], busy[-1]) if len(busy) > 1 else (looks[-2], looks[-1])
    done = _committed(last) - _committed(first)
    wall = last[0].wall - first[0].wall
    cpu = sum(mark.cpu for mark in last) - sum(mark.cpu for mark in first)
    return Speed(done / wall, done / max(cpu, _TICK_SECONDS))


def _committed(look: Sequence[Mark]) -> int:
    return sum(mark.events for mark in look)
