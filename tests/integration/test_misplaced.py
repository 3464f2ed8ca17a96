"""Producers with different partitioners on Apache Kafka: nobody is counted twice, and the mend brings all events in."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas import instant
from streams.topics import topics_of
from tests.reference_model import partitioners
from tests.support.installation import Installation, installation, settings_for
from tests.support.topics import read
from tests.support.waiting import until
from tests.support.workers import LIFESTAGE, environment

PARTITIONS = 4
CUSTOMERS = [f"customer-{number}" for number in range(60)]
SPLIT = [
    it
    for it in CUSTOMERS
    if partitioners.murmur2(it.encode(), PARTITIONS) != partitioners.crc32(it.encode(), PARTITIONS)
]


@pytest.fixture
def installed(apache_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    with installation(settings_for(apache_broker, topic_prefix, partitions=PARTITIONS), tmp_path) as made:
        yield made


def event(customer: str, **fields: Any) -> bytes:
    at = instant.to_text(time.time_ns() // 1_000_000)
    return json.dumps({"userId": customer, "timestamp": at, **fields}).encode()


def send(installed: Installation, topic: str, events: dict[str, bytes], **configuration: str) -> None:
    """Write with librdkafka, each event with its customer as key."""
    producer = Producer({"bootstrap.servers": installed.settings.broker, **configuration})
    for customer, value in events.items():
        producer.produce(f"{installed.settings.topic_prefix}{topic}", value, customer.encode())
    assert producer.flush(30) == 0


def metric(installed: Installation, name: str) -> float:
    _, text = installed.workers["one"].page("/metrics")
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


@pytest.mark.apache
async def test_a_second_partitioner_is_seen_and_splits_nobody(installed: Installation) -> None:
    orders = {
        it: event(it, event="Order Completed", messageId=f"o-{it}", properties={"order_id": it, "total": 5})
        for it in CUSTOMERS
    }
    views = {it: event(it, type="page", messageId=f"v-{it}") for it in CUSTOMERS}
    await asyncio.to_thread(send, installed, "customer.purchases", orders, partitioner="murmur2_random")
    await asyncio.to_thread(send, installed, "customer.browsing", views)
    installed.start()
    applied = 2 * len(CUSTOMERS) - len(SPLIT)

    def came_to(count: int) -> Any:
        def come(healths: dict[str, Any]) -> bool:
            tally = healths["one"].get("tally", {"applied": 0})
            return bool(tally["applied"] == count and tally["rejected"]["misplaced"]["count"] == len(SPLIT))

        return come

    healths = await installed.until_healths(came_to(applied))
    assert healths["one"]["customers"] == {"new": len(CUSTOMERS)}, "one for each person"
    rejects: list[dict[str, Any]] = []

    async def all_told() -> bool:
        # A broker shows what is committed a little later than it answers the commit.
        records = await read(installed.settings, topics_of(installed.settings).rejects)
        rejects[:] = [json.loads(it.value) for it in records]
        return len(rejects) >= len(SPLIT)

    await until(all_told, what=lambda: rejects)
    assert len(SPLIT) > PARTITIONS
    assert [it["reason"] for it in rejects] == ["misplaced"] * len(SPLIT)
    browsing = f"{installed.settings.topic_prefix}customer.browsing"
    assert {it["topic"] for it in rejects} == {browsing}
    assert metric(installed, f'lifestage_misplaced_records_total{{topic="{browsing}"}}') == len(SPLIT)
    assert metric(installed, "lifestage_misplaced_records_total") == len(SPLIT)
    log = installed.workers["one"].log.read_text()
    assert log.count("so a producer has another partitioner") == 1
    assert "partitioner=murmur2_random" in log
    assert "customer-" not in log

    command = [*LIFESTAGE, "rejects", "--reason", "misplaced", "--resend", "--yes", "--limit", "1000"]
    sent = await asyncio.to_thread(
        subprocess.run, command, env=environment(installed.settings), capture_output=True, text=True, check=True
    )
    assert f"{len(SPLIT)} records were sent again" in sent.stderr
    healths = await installed.until_healths(came_to(applied + len(SPLIT)))
    assert healths["one"]["customers"] == {"new": len(CUSTOMERS)}
    assert metric(installed, "lifestage_misplaced_records_total") == len(SPLIT)

    # A state that was counted under another setting is not gone on with.
    assert await asyncio.to_thread(installed.stop) == 0
    installed.start(LIFESTAGE_PARTITIONER="crc32")
    healths = await installed.until_healths(
        lambda healths: (
            bool(healths["one"]) and {it["state"] for it in healths["one"]["partitions"].values()} == {"stopped"}
        )
    )
    assert not healths["one"]["ready"]
    assert all("set LIFESTAGE_PARTITIONER=murmur2" in it["reason"] for it in healths["one"]["partitions"].values())
