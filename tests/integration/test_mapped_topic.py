"""A topic in another shape is read without a translator, exactly once, also when workers are killed."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic

from schemas.event_types import PURCHASES
from schemas.instant import to_text
from streams.connection import administration
from streams.mapped_topics import read_mapped_topics
from streams.mapping.record_mapping import RecordMapping
from streams.mapping.text import read_mapping
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.sources.source import SourceEvent
from streams.topics import topics_of
from tests.support.comparison import backtest, by_customer, differences
from tests.support.installation import Installation, installation, settings_for
from tests.support.topics import read
from tests.topology.test_mapped_topics import MAPPING

DAY = 86_400_000
START = 1_700_000_000_000
END = START + 300 * DAY
PARTITIONS = 2


@pytest.fixture
def installed(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    mapping, sources = tmp_path / "shop.toml", tmp_path / "sources.toml"
    mapping.write_text(MAPPING)
    sources.write_text(f'[[sources]]\ntopic = "{topic_prefix}shop.orders"\nmapping = "shop.toml"\n')
    settings = settings_for(embedded_broker, topic_prefix, embedded=True, partitions=PARTITIONS, clock="stream")
    settings = replace(settings, sources=read_mapped_topics(sources))
    with installation(settings, tmp_path) as made:
        made.variables = {"LIFESTAGE_SOURCES": str(sources), "LIFESTAGE_BATCH_RECORDS": "20"}
        yield made


def shop_orders() -> list[tuple[int, bytes, dict[str, Any]]]:
    """Orders of thirty customers in order of time, each with its instant and its key; some are refunded later."""
    chance = random.Random(5)
    found = []
    for number in range(400):
        at = START + chance.randrange(280 * DAY)
        customer = 100 + chance.randrange(30)
        order = {
            "id": number,
            "customer": {"id": customer},
            "created_at": to_text(at),
            "updated_at": to_text(at),
            "financial_status": "paid",
            "currency": "USD",
            "total_price": f"{chance.randrange(500, 9000) / 100}",
            "line_items": [],
        }
        found.append((at, str(customer).encode(), order))
        if number % 7 == 0:
            later = at + DAY
            refunded = {**order, "financial_status": "refunded", "refunded": 5, "updated_at": to_text(later)}
            found.append((later, str(customer).encode(), {**refunded, "created_at": to_text(later)}))
    return sorted(found, key=lambda it: it[0])


def mapped(orders: list[tuple[int, bytes, dict[str, Any]]]) -> list[SourceEvent]:
    shape, _ = read_mapping(MAPPING)
    mapping = RecordMapping(shape)
    return [
        SourceEvent(at, PURCHASES, key, orjson.dumps(it))
        for at, key, order in orders
        for it in mapping.outcomes(order)
        if isinstance(it, dict)
    ]


async def write(settings: Settings, orders: list[tuple[int, bytes, dict[str, Any]]]) -> None:
    (topic,) = topics_of(settings).mapped
    async with administration(settings) as admin:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs={"retention.ms": "-1"})])
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        for at, key, order in orders:
            change = {"payload": {"op": "c", "before": None, "after": order}, "schema": {}}
            await producer.send(topic, json.dumps(change).encode(), key=key, timestamp_ms=at)
        for partition in range(PARTITIONS):
            # Not keyed by its customer, and the end of time in each partition.
            wrong = json.dumps({**orders[0][2], "customer": {"id": "lost"}}).encode()
            await producer.send(topic, wrong, key=b"order-0", partition=partition, timestamp_ms=END)
            await producer.send(topic, b'{"financial_status":"pending"}', partition=partition, timestamp_ms=END)
        await producer.flush()


async def test_a_mapped_topic_is_decided_exactly_once_though_workers_are_killed(installed: Installation) -> None:
    orders = shop_orders()
    await write(installed.settings, orders)
    installed.start()
    reached = await installed.wait_for_progress(20)
    installed.kill()
    installed.start()
    await installed.wait_for_progress(reached + 20)
    installed.kill()
    installed.start()
    await installed.wait_until_done(END)
    live = await installed.transitions()
    truth = backtest(mapped(orders), END, load_rules(None)).transitions
    only_live, only_truth = differences(live, truth)
    assert (sum(only_live.values()), sum(only_truth.values())) == (0, 0), (
        sorted(only_live)[:1],
        sorted(only_truth)[:1],
    )
    assert by_customer(live) == by_customer(truth)
    assert len(truth) > 100
    rejects = [json.loads(it.value) for it in await read(installed.settings, topics_of(installed.settings).rejects)]
    assert [it["reason"] for it in rejects] == ["key_mismatch"] * PARTITIONS
    health = (await installed.until_healths(lambda healths: all(healths.values())))["one"]
    assert health["tally"]["rejected"]["key_mismatch"]["count"] == PARTITIONS
    assert health["tally"]["unknown_names"][f"no event: {next(iter(topics_of(installed.settings).mapped))}"[:64]]
