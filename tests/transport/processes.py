"""Real workers for these tests, the load they get, and what their topics then hold."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from streams.embedded.servers import free_port
from streams.partitions.position import POSITION_KEY
from streams.settings import Settings
from streams.topics import topics_of

ROOT = Path(__file__).parents[2]


@dataclass
class Workers:
    """Starts workers of one installation; ``settings`` says which."""

    settings: Settings
    folder: Path
    running: dict[str, subprocess.Popen[bytes]]
    program: str

    def start(self, instance: str, **variables: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LIFESTAGE_BROKER": self.settings.broker,
            "LIFESTAGE_APP_ID": self.settings.app_id,
            "LIFESTAGE_TOPIC_PREFIX": self.settings.topic_prefix,
            "LIFESTAGE_INSTANCE": instance,
            "LIFESTAGE_REDIS_URL": "",
            "LIFESTAGE_WEB_PORT": str(free_port()),
            "LIFESTAGE_DATA": str(self.folder / instance),
            "LIFESTAGE_SESSION_TIMEOUT": "6",
            "LIFESTAGE_BATCH_RECORDS": "200",
            **variables,
        }
        with (self.folder / f"{instance}.log").open("ab") as log:
            self.running[instance] = subprocess.Popen(
                [sys.executable, "-m", self.program],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        return self.running[instance]

    def log(self, instance: str) -> str:
        return (self.folder / f"{instance}.log").read_text()


@contextmanager
def workers(settings: Settings, folder: Path, program: str = "tests.transport.counting_worker") -> Iterator[Workers]:
    started = Workers(settings, folder, {}, program)
    try:
        yield started
    finally:
        for process in started.running.values():
            process.kill()
            process.wait()


async def produce(settings: Settings, numbers: range, customers: int = 50, size: int = 0) -> None:
    """Each number is one record; its customer, and so its partition, follows from it."""
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


async def read_all(settings: Settings, *names: str) -> list[ConsumerRecord]:
    """Everything that was committed to these topics."""
    records = []
    async with AIOKafkaConsumer(
        bootstrap_servers=settings.broker,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    ) as consumer:
        places = [TopicPartition(name, partition) for name in names for partition in range(settings.partitions)]
        consumer.assign(places)
        begins = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, begins[place])
        while left := [place for place in places if await consumer.position(place) < ends[place]]:
            for fetched in (await consumer.getmany(*left, timeout_ms=300)).values():
                records += fetched
    return records


@dataclass(frozen=True)
class Account:
    """What went in against what came out: all but ``counted`` should be nothing."""

    counted: int
    lost: int
    repeated: int
    wrong_customers: int


async def account(settings: Settings) -> Account:
    topics = topics_of(settings)
    arrived = await read_all(settings, *topics.inputs)
    published = Counter(record.value for record in await read_all(settings, topics.transitions))
    expected = Counter(record.value for record in arrived)
    held = {record.key: record.value for record in await read_all(settings, topics.changelog)}
    held.pop(POSITION_KEY, None)
    customers = {key: b"%d" % number for key, number in Counter(record.key for record in arrived).items()}
    wrong = [key for key in customers.keys() | held.keys() if customers.get(key) != held.get(key)]
    return Account(published.total(), (expected - published).total(), (published - expected).total(), len(wrong))


async def settled(settings: Settings, records: int, seconds: float = 40.0) -> Account:
    """The account once so many records were published, or when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        result = await account(settings)
        if result.counted >= records or time.monotonic() > deadline:
            return result
