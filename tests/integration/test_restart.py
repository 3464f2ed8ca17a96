"""A worker that was away does not take the backlog of orders for silence."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from schemas import instant
from schemas.event_types import PURCHASES
from schemas.transition import decode
from streams.policy_file import load_rules
from streams.sources.source import SourceEvent
from streams.topics import topics_of
from tests.support.comparison import backtest, standing
from tests.support.installation import Installation, installation, settings_for
from tests.support.workers import Worker

CUSTOMERS = 12
BEAT_SECONDS = 0.35
POLICY = """
name = "rehearsal"
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
def installed(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    settings = settings_for(embedded_broker, topic_prefix, embedded=True, partitions=2, policy=policy)
    with installation(settings, tmp_path) as made:
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


def caught_up(worker: Worker) -> bool:
    health = worker.health()
    return bool(health) and health["ready"] and len(health["partitions"]) == 2 and health["lag_records"] == 0


async def trade(installed: Installation, sent: list[SourceEvent], stop: asyncio.Event) -> None:
    """Send an order of every customer again and again, until ``stop`` is set."""
    topic = topics_of(installed.settings).inputs[0]
    number = 0
    async with AIOKafkaProducer(bootstrap_servers=installed.settings.broker) as producer:
        while not stop.is_set():
            number += 1
            for customer in range(CUSTOMERS):
                event = order(customer, number)
                sent.append(event)
                await producer.send_and_wait(topic, event.value, key=event.key, timestamp_ms=event.instant)
            try:
                await asyncio.wait_for(stop.wait(), BEAT_SECONDS)
            except TimeoutError:
                continue


async def test_an_outage_is_no_silence(installed: Installation) -> None:
    sent: list[SourceEvent] = []
    stop = asyncio.Event()
    trading = asyncio.create_task(trade(installed, sent, stop))
    installed.start()
    await installed.wait_for_progress(CUSTOMERS)
    installed.kill()
    at_kill, killed_at = len(sent), sent[-1].instant
    while len(sent) < at_kill + 14 * CUSTOMERS:  # longer than anybody's patience
        await asyncio.sleep(0.05)
    worker = installed.start()
    while not caught_up(worker):
        await asyncio.sleep(0.05)
    caught_up_at = sent[-1].instant
    stop.set()
    await trading
    end = sent[-1].instant + 2500
    await installed.wait_until_done(end)
    truth = backtest(sent, end, load_rules(installed.settings.policy)).transitions
    live = [it for it in await installed.transitions() if _at(it) <= end]
    retracted = [it for it in live if decode(it).properties.retracted]
    assert not any(killed_at < _at(it) <= caught_up_at for it in retracted)
    assert standing(live) == standing(truth)
    silent = [it for it in live if decode(it).properties.to == "at_risk"]
    assert len(silent) >= CUSTOMERS  # everybody in the end; a machine that is slow to send makes silences before


def _at(value: bytes) -> int:
    return instant.from_text(decode(value).timestamp)
