"""Two workers are rolled over versions of snapshots and back, under load: nothing is lost or repeated."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from schemas import instant
from schemas.event_types import PURCHASES
from schemas.transition import decode
from state.timeline.snapshot import VERSION
from streams.partitions.position import POSITION_KEY
from streams.policy_file import load_rules
from streams.sources.source import SourceEvent
from streams.topics import topics_of
from tests.support.comparison import backtest, standing
from tests.support.installation import Installation, installation, settings_for
from tests.support.topics import read
from tests.support.waiting import until
from tests.support.workers import WORKER, Worker

pytestmark = pytest.mark.apache

CUSTOMERS = 12
BEAT_SECONDS = 0.5
OTHER = (sys.executable, "-m", "tests.support.other_version_worker")
PREVIOUS, NEXT = (*OTHER, "previous"), (*OTHER, "next")
POLICY = """
name = "rolling"
[time]
day_seconds = 1
lateness_minutes = 0.1
[lifecycle]
one_time_patience_days = 2
one_time_churn_days = 60
[lifecycle.patience]
method = "fixed"
days = 2
churn_days = 60
[lifecycle.loyal]
enter = "orders >= 5"
leave = "orders < 5"
"""


@pytest.fixture
def installed(apache_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    with installation(settings_for(apache_broker, topic_prefix, partitions=2, policy=policy), tmp_path) as made:
        yield made


def order(customer: int, number: int) -> SourceEvent:
    now = time.time_ns() // 1_000_000
    value = {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m{customer}-{number}",
        "userId": f"c{customer}",
        "timestamp": instant.to_text(now),
        "properties": {"order_id": f"o{customer}-{number}", "total": 10.0},
    }
    return SourceEvent(now, PURCHASES, f"c{customer}".encode(), json.dumps(value).encode())


@asynccontextmanager
async def trading(installed: Installation) -> AsyncIterator[list[SourceEvent]]:
    """Send an order of each customer again and again; some pause for longer than their patience."""
    topic, sent, stop = topics_of(installed.settings).inputs[0], list[SourceEvent](), asyncio.Event()

    async def trade() -> None:
        async with AIOKafkaProducer(bootstrap_servers=installed.settings.broker) as producer:
            number = 0
            while not stop.is_set():
                for customer in range(CUSTOMERS):
                    if customer % 3 == 0 or number % (12 * (1 + customer % 3)) < 2:
                        sent.append(event := order(customer, number))
                        await producer.send_and_wait(topic, event.value, key=event.key, timestamp_ms=event.instant)
                number += 1
                await asyncio.sleep(BEAT_SECONDS)

    task = asyncio.create_task(trade())
    try:
        yield sent
    finally:
        stop.set()
        await task


async def ready(*workers: Worker, lag: int = CUSTOMERS) -> None:
    """Wait until the workers have both partitions between them, and are at work."""

    async def at_work() -> bool:
        seen = [worker.health() for worker in workers]
        return all(it and it["ready"] and it["lag_records"] <= lag for it in seen) and {
            partition for it in seen for partition in it["partitions"]
        } == {"0", "1"}

    await until(at_work, what=[worker.log for worker in workers])


async def versions(installed: Installation) -> set[int]:
    """Return the versions of the customers' last snapshots."""
    changelog = await read(installed.settings, topics_of(installed.settings).changelog)
    return {value[0] for value in {it.key: it.value for it in changelog if it.key != POSITION_KEY}.values()}


async def roll(installed: Installation, name: str, command: tuple[str, ...]) -> Worker:
    """Replace one worker."""
    if name in installed.workers:
        assert installed.stop(name) == 0
    installed.command = command
    return installed.start(name)


async def test_a_roll_to_the_next_version_and_back_loses_and_repeats_nothing(installed: Installation) -> None:
    async with trading(installed) as sent:
        one, two = await roll(installed, "one", PREVIOUS), await roll(installed, "two", PREVIOUS)
        await ready(one, two)
        assert await versions(installed) <= {VERSION - 1}
        for command in (WORKER, NEXT):
            one = await roll(installed, "one", command)
            await ready(one, two)
            two = await roll(installed, "two", command)
            await ready(one, two)
        newest = VERSION + 1

        async def is_newest() -> bool:
            return await versions(installed) == {newest}

        await until(is_newest)

        one = await roll(installed, "one", WORKER)

        async def has_stopped() -> bool:
            return any(it["state"] == "stopped" for it in one.health().get("partitions", {}).values())

        await until(has_stopped, what=one.log)
        status, why = one.page("/ready")
        assert status == 503
        assert f"snapshots of version {newest}, and this lifestage reads 3 to {VERSION}: a newer lifestage" in why
        one = await roll(installed, "one", NEXT)
        await ready(one, two)
    end = sent[-1].instant + 2500
    await installed.wait_until_done(end)
    truth = backtest(sent, end, load_rules(installed.settings.policy)).transitions
    live = [it for it in await installed.transitions() if instant.from_text(json.loads(it)["timestamp"]) <= end]
    told = [decode(it).message_id for it in live]
    assert len(told) == len(set(told))
    assert standing(live) == standing(truth)
    assert {decode(it).properties.to for it in live} >= {"new", "repeat", "loyal", "at_risk"}
    assert not await read(installed.settings, topics_of(installed.settings).rejects)
