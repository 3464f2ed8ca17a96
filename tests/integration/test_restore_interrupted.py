"""A worker joins while another restores hundreds of thousands of customers: both begin to process."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from agents.batch import Position
from schemas import instant
from streams.partitioner import partition_by
from streams.partitions.position import POSITION_KEY, decode_position, encode_position
from streams.topics import topics_of
from tests.support.installation import Installation, installation, policy_without_occasions, settings_for
from tests.support.topics import read

CUSTOMERS = 900_000
PARTITIONS = 4
ORDERING = 200
SESSION_SECONDS = 2.0
TEMPLATE = b"template"

Health = dict[str, Any]


@pytest.fixture
def installed(apache_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    policy = policy_without_occasions(tmp_path)
    settings = settings_for(apache_broker, topic_prefix, partitions=PARTITIONS, policy=policy)
    with installation(settings, tmp_path) as made:
        yield made


def order(customer: bytes, number: int) -> bytes:
    value = {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"{customer.decode()}-{number}",
        "userId": customer.decode(),
        "timestamp": instant.to_text(time.time_ns() // 1_000_000),
        "properties": {"order_id": f"o-{number}", "total": 10.0},
    }
    return json.dumps(value).encode()


def at_work(healths: dict[str, Health], since: int = 0) -> bool:
    """Every partition is open at one of the workers, and has passed an instant."""
    groups = [(name, group) for each in healths.values() for name, group in each.get("partitions", {}).items()]
    passed = [group["state"] == "open" and (group["upto"] or "") > instant.to_text(since) for _, group in groups]
    return all(passed) and sorted(name for name, _ in groups) == [str(number) for number in range(PARTITIONS)]


def customers(healths: dict[str, Health]) -> Counter[str]:
    """Customers by stage, over all workers."""
    return sum((Counter(each["customers"]) for each in healths.values()), Counter())


def restored(health: Health) -> int:
    """How many offsets of changelogs a worker that restores has read."""
    restores = [group["restore"] for group in health.get("partitions", {}).values()]
    return sum(restore["offsets_done"] for restore in restores if restore)


def openings(installed: Installation) -> list[int]:
    """How often each worker has opened its partitions: once a rebalance, unless that was cut short."""
    return [worker.log.read_text().count("opened partitions") for worker in installed.workers.values()]


async def fabricate(installed: Installation, producer: AIOKafkaProducer) -> dict[bytes, int]:
    """One customer's snapshot, as a worker has written it, for very many; returns some, and their partitions."""
    changelog = topics_of(installed.settings).changelog
    written = {record.key: record for record in await read(installed.settings, changelog)}
    snapshot, marker = written[TEMPLATE].value, written[POSITION_KEY]
    upto = decode_position(marker.value).upto
    # As if its customers had been checked: nobody counts those that nobody hears of.
    start = Position({}, upto, partitioner="murmur2")
    some: dict[bytes, int] = {}
    partition_of = partition_by("murmur2", PARTITIONS)
    for partition in range(PARTITIONS):
        if partition != marker.partition:
            await producer.send_and_wait(changelog, encode_position(start), POSITION_KEY, partition)
        keys = [b"c%d" % number for number in range(partition, CUSTOMERS, PARTITIONS)]
        ordering = [key for key in keys[:: CUSTOMERS // ORDERING // PARTITIONS] if partition_of(key) == partition]
        some.update(dict.fromkeys(ordering, partition))
        batch = producer.create_batch()
        for key in keys:
            if batch.append(key=key, value=snapshot, timestamp=upto) is None:
                await producer.send_batch(batch, changelog, partition=partition)
                batch = producer.create_batch()
                batch.append(key=key, value=snapshot, timestamp=upto)
        await producer.send_batch(batch, changelog, partition=partition)
    await producer.flush()
    return some


@pytest.mark.apache
async def test_a_worker_joins_while_another_restores(installed: Installation) -> None:
    purchases = topics_of(installed.settings).inputs[0]
    session = {"LIFESTAGE_SESSION_TIMEOUT": str(SESSION_SECONDS)}
    async with AIOKafkaProducer(bootstrap_servers=installed.settings.broker, max_batch_size=500_000) as producer:
        installed.start("first")
        await producer.send_and_wait(purchases, order(TEMPLATE, 1), TEMPLATE)
        await installed.until_healths(lambda healths: bool(healths["first"]) and customers(healths) == {"new": 1})
        assert await asyncio.to_thread(installed.stop, "first") == 0
        some = await fabricate(installed, producer)

        installed.start("one", **session)
        # It says how far it is while it restores, and answers meanwhile.
        await installed.until_healths(lambda healths: restored(healths["one"]) > 0)
        installed.start("two", **session)
        healths = await installed.until_healths(at_work)
        # Once each: what the one began alone was cut short, and nobody lost the session over what came then.
        assert openings(installed) == [1, 1]
        assert customers(healths) == {"new": CUSTOMERS + 1}

        ready = time.time_ns() // 1_000_000
        for customer, partition in some.items():
            await producer.send(purchases, order(customer, 2), customer, partition)
        await producer.send_and_wait(purchases, order(TEMPLATE, 2), TEMPLATE)
        healths = await installed.until_healths(lambda healths: at_work(healths, ready + int(2000 * SESSION_SECONDS)))
    assert openings(installed) == [1, 1]
    assert customers(healths) == {"new": CUSTOMERS - len(some), "repeat": len(some) + 1}
    again = [json.loads(it) for it in await installed.transitions() if b'"seq":3' in it]
    ordered = Counter({key.decode(): 1 for key in (TEMPLATE, *some)})
    assert Counter(it["userId"] for it in again) == ordered
    assert {it["properties"]["to"] for it in again} == {"repeat"}
    assert {(it["properties"]["orders"], it["properties"]["revenue"]) for it in again} == {(2, 20.0)}
