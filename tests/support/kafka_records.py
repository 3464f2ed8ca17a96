"""Records in the topics, written as a worker does: in transactions, some of them aborted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiokafka import AIOKafkaProducer

from schemas.change import Cause, Change, Figures, Publication
from schemas.reject import RejectedError, reject
from schemas.transition import encode
from streams import topics
from streams.settings import Settings
from tests.support.installation import settings_for
from tests.support.topics import read as read_topics

Written = tuple[str, int, bytes | None, bytes | None, int]
"""Topic, partition, key, value, and time in ms."""

AT = 1_500_000_000_000


def topics_made(broker: str, prefix: str) -> Settings:
    """Make the topics of an installation of two partitions; return its settings."""
    settings = settings_for(broker, prefix, partitions=2)
    asyncio.run(topics.create(replace(settings, clock="stream")))  # records of long ago are kept there
    return settings


def write(settings: Settings, records: Sequence[Written], aborted: Sequence[Written] = ()) -> list[int]:
    """Commit the records, after a transaction that was given up; return their offsets."""
    return asyncio.run(_write(settings, records, aborted))


async def _write(settings: Settings, records: Sequence[Written], aborted: Sequence[Written]) -> list[int]:
    # Two producers: to who reads on behind an aborted transaction, the embedded broker names it again, and the
    # client then leaves out whatever the same producer committed since.
    if aborted:
        async with _writing(settings, "aborting") as producer:
            await producer.begin_transaction()
            await _send(producer, aborted)
            await producer.abort_transaction()
    async with _writing(settings, "committing") as producer, producer.transaction():
        return await _send(producer, records)


async def _send(producer: Any, records: Sequence[Written]) -> list[int]:
    return [
        (await producer.send_and_wait(topic, value, key, partition, at)).offset
        for topic, partition, key, value, at in records
    ]


@asynccontextmanager
async def _writing(settings: Settings, name: str) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.broker, transactional_id=f"{settings.app_id}-{name}", max_request_size=4_000_000
    )
    await producer.start()
    yield producer
    await producer.stop()


def read(settings: Settings, topic: str, partition: int) -> list[Any]:
    """Return all records of a partition that are committed."""
    return [record for record in asyncio.run(read_topics(settings, topic)) if record.partition == partition]


def transition(
    settings: Settings,
    customer: str,
    name: str,
    segment: str | None = None,
    retracted: bool = False,
    correction: bool = False,
) -> Written:
    figures = Figures(
        why="days_since_order 61.0 >= 60.0",
        stage="at_risk",
        orders=3,
        revenue=12.5,
        average_order_value=4.0,
        recency_days=61.0,
        mean_gap_days=20.0,
        patience_days=60.0,
        next_transition="churned",
        next_at=AT + 1,
        segments=("vip",),
        segment_count=1,
        previous_stage="repeat",
        previous_stage_since=AT - 1,
        steps=(),
        holdout=None,
    )
    moves = ("out", "in") if segment else ("repeat", name)
    change = Change(AT, segment, name, *moves, Cause("deadline", "patience"))
    publication = Publication(change, None if retracted else figures, 1, 0, correction or retracted, retracted)
    value = encode(publication, customer, "retail@12345678")
    return topics.topics_of(settings).transitions, 0, customer.encode(), value, AT


def rejected(
    settings: Settings, reason: str, value: bytes, at: int = AT, partition: int = 1, offset: int = 5, topic: str = ""
) -> Written:
    names = topics.topics_of(settings)
    record = reject(
        RejectedError(reason, "for a test"),
        topic=topic or names.inputs[0],
        partition=partition,
        offset=offset,
        time=at,
        key=b"c1",
        value=value,
    )
    return names.rejects, partition, b"c1", record, at
