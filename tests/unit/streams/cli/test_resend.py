"""Rejected records sent again: which, with what time, and what becomes of those that are gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka.errors import KafkaConnectionError

from schemas.reject import MAX_KEPT_BYTES, Reject, RejectedError, read_reject, reject
from streams.cli import resend as module
from streams.cli.resend import resend
from streams.mapped_topics import MappedTopic
from streams.settings import Settings
from streams.topic_reader import TopicUnreadableError

NOW = 1_700_000_000_000
LONG = b"x" * (MAX_KEPT_BYTES + 10)
TOPIC = "customer.purchases"


def rejected(
    value: bytes | None = b"v", reason: str = "late", topic: str = TOPIC, partition: int = 2, key: bytes | None = b"c"
) -> Reject:
    error = RejectedError(reason, "detail")
    return read_reject(reject(error, topic=topic, partition=partition, offset=7, time=1000, key=key, value=value))


class FakeKafka:
    """A producer, and the record that its topic has at the place of every reject."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.running = False
        self.stored: bytes | None = None
        self.fails_after = 99

    def producer(self, **arguments: Any) -> "FakeKafka":
        assert arguments["enable_idempotence"]
        return self

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    async def send_and_wait(self, *record: Any) -> None:
        if len(self.sent) == self.fails_after:
            raise KafkaConnectionError("away")
        self.sent.append(record)

    @asynccontextmanager
    async def open_topic(self, _settings: Settings, topic: str) -> AsyncIterator["FakeKafka"]:
        assert topic == TOPIC
        yield self

    async def at(self, partition: int, offset: int) -> SimpleNamespace | None:
        assert (partition, offset) == (2, 7)
        return None if self.stored is None else SimpleNamespace(value=self.stored)


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> FakeKafka:
    kafka = FakeKafka()
    monkeypatch.setattr(module, "AIOKafkaProducer", kafka.producer)
    monkeypatch.setattr(module, "open_topic", kafka.open_topic)
    monkeypatch.setattr(module, "time", SimpleNamespace(time_ns=lambda: NOW * 1_000_000))
    return kafka


@pytest.mark.parametrize(
    ("record", "sent"),
    [
        (rejected(), (TOPIC, b"v", b"c", 2, 1000)),
        (rejected(None, key=None), (TOPIC, None, None, 2, 1000)),
        (rejected(reason="from_the_future"), (TOPIC, b"v", b"c", 2, NOW)),
        (rejected(reason="misplaced", key=b"21"), (TOPIC, b"v", b"21", 0, 1000)),
    ],
)
async def test_a_record_goes_to_its_own_place_with_its_own_time_unless_that_was_wrong(
    kafka: FakeKafka, record: Reject, sent: tuple[Any, ...]
) -> None:
    assert await resend([record], Settings()) == {"sent": 1}
    assert kafka.sent == [sent]
    assert not kafka.running


@pytest.mark.parametrize(
    ("stored", "counts"),
    [
        (LONG, {"sent": 1}),
        (None, {"gone": 1}),
        (LONG + b"more", {"gone": 1}),
        (b"y" * len(LONG), {"gone": 1}),
    ],
)
async def test_a_long_record_is_read_from_its_topic_if_that_still_has_it(
    kafka: FakeKafka, stored: bytes | None, counts: dict[str, int]
) -> None:
    kafka.stored = stored
    assert await resend([rejected(LONG)], Settings()) == counts
    assert [record[1] for record in kafka.sent] == [LONG] * counts.get("sent", 0)


async def test_records_of_other_topics_are_left_alone(kafka: FakeKafka) -> None:
    elsewhere = msgspec.structs.replace(rejected(), topic="another.purchases")
    assert await resend([elsewhere, rejected()], Settings()) == {"elsewhere": 1, "sent": 1}


async def test_records_of_mapped_topics_are_left_alone_since_others_read_them(kafka: FakeKafka) -> None:
    settings = Settings(sources=(MappedTopic("shop.orders", Path("shop.toml"), "purchases"),))
    mapped = msgspec.structs.replace(rejected(), topic="shop.orders")
    assert await resend([mapped, rejected()], settings) == {"elsewhere": 1, "sent": 1}


async def test_a_broker_that_goes_away_is_an_error_that_says_how_many_were_sent(kafka: FakeKafka) -> None:
    kafka.fails_after = 2
    with pytest.raises(TopicUnreadableError, match="failed after 2 records"):
        await resend([rejected()] * 3, Settings())
    assert not kafka.running
