"""The load for counting workers, and the comparison of their input and output."""

import sys
import time
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaProducer

from streams.partitions.position import POSITION_KEY
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.installation import Installation, existing
from tests.support.topics import read
from tests.support.waiting import PATIENCE

COUNTING = (sys.executable, "-m", "tests.support.counting_worker")


def counting(settings: Settings, folder: Path) -> AbstractContextManager[Installation]:
    """Use topics whose workers only count, in small batches."""
    return existing(settings, folder, COUNTING, LIFESTAGE_BATCH_RECORDS="200")


async def produce(settings: Settings, numbers: range, customers: int = 50, size: int = 0) -> None:
    """Send each number as one record; its customer, and so its partition, follows from it."""
    topics = topics_of(settings)
    async with AIOKafkaProducer(bootstrap_servers=settings.broker, linger_ms=5) as producer:
        sends = []
        for number in numbers:
            customer = number % customers
            topic = topics.inputs[number % len(topics.inputs)]
            value = b"%d " % number + b"x" * size
            partition = customer % settings.partitions
            sends.append(await producer.send(topic, value, b"c%d" % customer, partition=partition))
        for send in sends:
            await send


@dataclass(frozen=True)
class Account:
    """Input compared with output: everything but ``counted`` should be 0."""

    counted: int
    lost: int
    repeated: int
    wrong_customers: int


async def account(settings: Settings) -> Account:
    """Return the account of what is committed by now."""
    topics = topics_of(settings)
    arrived = await read(settings, *topics.inputs)
    published = Counter(record.value for record in await read(settings, topics.transitions))
    expected = Counter(record.value for record in arrived)
    held = {record.key: record.value for record in await read(settings, topics.changelog)}
    held.pop(POSITION_KEY, None)
    customers = {key: b"%d" % number for key, number in Counter(record.key for record in arrived).items()}
    wrong = [key for key in customers.keys() | held.keys() if customers.get(key) != held.get(key)]
    return Account(published.total(), (expected - published).total(), (published - expected).total(), len(wrong))


async def settled(settings: Settings, records: int, seconds: float = PATIENCE) -> Account:
    """Return the account once so many records were published, or when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        result = await account(settings)
        if result.counted >= records or time.monotonic() > deadline:
            return result
