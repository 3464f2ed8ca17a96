"""A follower reads a topic from its beginning, or its last records, and says so while it does not have them all."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from streams.embedded.ports import HOST, free_port
from streams.faust_driver.private import forget_old_aborts
from streams.serve.history.messages import Messages
from streams.serve.problems import ProblemError
from streams.serve.topic_follower import TopicFollower
from streams.settings import Settings
from streams.topics import create, topics_of
from tests.support.installation import settings_for
from tests.support.programs import require_apache_kafka
from tests.support.servers import apache_kafka
from tests.support.waiting import until


class Taken:
    """What a follower gave."""

    def __init__(self) -> None:
        self.left_out: Mapping[int, bool] = {}
        self.values: list[bytes] = []
        self.places: list[tuple[int, int]] = []

    def begin(self, left_out: Mapping[int, bool]) -> None:
        self.left_out, self.values, self.places = left_out, [], []

    def take(self, record: ConsumerRecord) -> None:
        self.values.append(record.value)
        self.places.append((record.partition, record.offset))


@asynccontextmanager
async def following(settings: Settings, most: int) -> AsyncIterator[tuple[TopicFollower, Taken]]:
    """Follow the transitions until the block ends."""
    taken = Taken()
    follower = TopicFollower(settings, topics_of(settings).transitions, taken, most)
    if settings.embedded:
        forget_old_aborts()
    task = asyncio.create_task(follower.run())
    try:
        yield follower, taken
    finally:
        while not task.done():  # a client that is just being connected may keep a cancellation to itself
            task.cancel()
            await asyncio.wait([task], timeout=0.2)


async def send(settings: Settings, values: Sequence[bytes], partition: int = 0) -> None:
    topic = topics_of(settings).transitions
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        for value in values:
            await producer.send(topic, value, key=b"c", partition=partition)


async def transact(settings: Settings, values: Sequence[bytes], *, commit: bool) -> None:
    """Send in a transaction, which is committed or aborted."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.broker, transactional_id=f"{settings.app_id}-x")
    async with producer:
        await producer.begin_transaction()
        for value in values:
            await producer.send(topics_of(settings).transitions, value, key=b"c", partition=0)
        await (producer.commit_transaction() if commit else producer.abort_transaction())


def numbered(first: int, last: int) -> list[bytes]:
    return [b"%d" % it for it in range(first, last)]


async def test_all_committed_records_come_and_then_the_new_ones(embedded_broker: str, topic_prefix: str) -> None:
    settings = settings_for(embedded_broker, topic_prefix, partitions=2, embedded=True)
    await create(settings)
    await transact(settings, numbered(0, 700), commit=True)
    await transact(settings, [b"never"] * 50, commit=False)
    await transact(settings, numbered(700, 900), commit=True)
    async with following(settings, 10) as (follower, taken):
        with pytest.raises(ProblemError) as raised:
            follower.check()
        assert (raised.value.status, raised.value.retry_seconds) == (HTTPStatus.SERVICE_UNAVAILABLE, 1)
        await until(lambda: _ready(follower), what=follower.missing)
        # The embedded broker is always read from the beginning.
        assert (taken.values, taken.left_out) == (numbered(0, 900), {0: False, 1: False})
        await transact(settings, numbered(900, 950), commit=True)
        await until(lambda: _has(taken, 950), what=lambda: len(taken.values))
        assert taken.values == numbered(0, 950)


async def test_single_records_are_read_by_their_place(embedded_broker: str, topic_prefix: str) -> None:
    settings = settings_for(embedded_broker, topic_prefix, partitions=2)
    await create(settings)
    await send(settings, numbered(0, 500), partition=1)
    messages = Messages(settings, topics_of(settings).transitions)
    for wanted in ([0], [3, 4, 499], [120, 121, 300, 499], [7], []):
        assert await messages.at(1, wanted) == [(b"c", b"%d" % it) for it in wanted]
    await messages.close()
    assert await messages.at(1, [1]) == [(b"c", b"1")]
    await messages.close()


async def test_of_a_long_topic_the_last_records_come(embedded_broker: str, topic_prefix: str) -> None:
    settings = settings_for(embedded_broker, topic_prefix, partitions=2)
    await create(settings)
    await send(settings, numbered(0, 500))
    await send(settings, numbered(0, 30), partition=1)
    async with following(settings, 200) as (follower, taken):
        await until(lambda: _ready(follower), what=follower.missing)
        assert taken.left_out == {0: True, 1: False}
        assert [it for partition, it in taken.places if partition == 0] == [*range(400, 500)]
        assert len(taken.places) == 130


async def test_without_kafka_and_without_the_topic_it_says_so(embedded_broker: str, topic_prefix: str) -> None:
    nowhere = Settings(broker=f"{HOST}:{free_port()}")
    async with following(nowhere, 200) as (follower, _):
        await until(lambda: _told(follower, "cannot be read"), what=follower.missing)
    settings = settings_for(embedded_broker, topic_prefix)
    async with following(settings, 200) as (follower, _):
        await until(lambda: _told(follower, "has no topic"), what=follower.missing)
        await create(settings)
        await until(lambda: _ready(follower), what=follower.missing)


@pytest.mark.apache
async def test_kafka_goes_away_and_comes_back_and_a_topic_is_made_anew(tmp_path: Path, topic_prefix: str) -> None:
    require_apache_kafka()
    with apache_kafka(tmp_path / "kafka") as kafka:
        settings = settings_for(kafka.bootstrap, topic_prefix, partitions=2)
        await create(settings)
        await transact(settings, numbered(0, 300), commit=True)
        await transact(settings, [b"never"] * 50, commit=False)
        async with following(settings, 10_000) as (follower, taken):
            await until(lambda: _ready(follower), what=follower.missing)
            assert taken.values == numbered(0, 300)
            (node,) = kafka.brokers
            node.kill()
            await until(lambda: _told(follower, "Kafka"), what=follower.missing)
            node.start()
            await asyncio.to_thread(kafka.wait_until_complete)
            await until(lambda: _ready(follower), what=follower.missing)
            await transact(settings, numbered(300, 310), commit=True)
            await until(lambda: _has(taken, 310), what=lambda: len(taken.values))
            assert taken.values == numbered(0, 310)
            messages = Messages(settings, topics_of(settings).transitions)
            assert [value for _, value in await messages.at(0, [0, 150, 299])] == [b"0", b"150", b"299"]
            await messages.close()
            admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
            await admin.start()
            await admin.delete_topics([topics_of(settings).transitions])
            await admin.close()
            await until(lambda: _made(settings))
            await send(settings, numbered(0, 5))
            await until(lambda: _has(taken, 5), what=lambda: taken.values)
            await until(lambda: _ready(follower), what=follower.missing)
            assert taken.values == numbered(0, 5)


async def _made(settings: Settings) -> bool:
    return topics_of(settings).transitions in await create(settings)


async def _ready(follower: TopicFollower) -> bool:
    return follower.missing() == ""


async def _told(follower: TopicFollower, words: str) -> bool:
    return words in follower.missing()


async def _has(taken: Taken, number: int) -> bool:
    return len(taken.values) == number
