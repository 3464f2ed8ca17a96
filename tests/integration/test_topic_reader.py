"""A topic is read to its present end, also where a transaction is still open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from streams import topic_reader
from streams.settings import Settings
from streams.topic_reader import open_topic
from streams.topics import create, topics_of
from tests.support.installation import settings_for

pytestmark = pytest.mark.apache


@pytest.fixture
async def settings(apache_broker: str, topic_prefix: str) -> Settings:
    made = settings_for(apache_broker, topic_prefix, partitions=2)
    await create(made)
    return made


@asynccontextmanager
async def half_way(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Commit one record, and leave the transaction of a second one open."""
    topic, name = topics_of(settings).transitions, f"{settings.app_id}-writer"
    async with AIOKafkaProducer(bootstrap_servers=settings.broker, transactional_id=name) as producer:
        async with producer.transaction():
            await producer.send_and_wait(topic, b"1", partition=0)
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"2", partition=0)
        yield producer


async def test_what_is_being_committed_is_read(settings: Settings) -> None:
    found = []
    async with half_way(settings) as producer, open_topic(settings, topics_of(settings).transitions) as reader:
        async for record in reader.until_now():
            found.append(record.value)
            if record.value == b"1":
                await producer.commit_transaction()
    assert found == [b"1", b"2"]


async def test_a_transaction_that_stays_open_does_not_hold_up_a_read_for_ever(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(topic_reader, "_OPEN_SECONDS", 5.0)
    async with half_way(settings) as producer, open_topic(settings, topics_of(settings).transitions) as reader:
        assert [record.value async for record in reader.until_now()] == [b"1"]
        assert "a transaction is still open in partitions 0" in caplog.text
        await producer.commit_transaction()
        assert [record.value async for record in reader.until_now(reader.read_to)] == [b"2"]
