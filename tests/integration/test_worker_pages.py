"""A real worker, seen from outside: its pages, its mirror, and a Redis that is emptied, while events flow."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from redis import Redis

from schemas.instant import to_text
from streams.cli.commands import rejects, show
from streams.embedded.child_process import stop
from streams.partitioner import partition_by
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.installation import policy_without_occasions
from tests.support.kafka_records import Written, topics_made, write
from tests.support.waiting import wait_until
from tests.support.workers import Worker, environment


@pytest.fixture
def settings(embedded_broker: str, redis_url: str, topic_prefix: str, tmp_path: Path) -> Settings:
    made = topics_made(embedded_broker, topic_prefix)
    return replace(made, redis_url=redis_url, policy=policy_without_occasions(tmp_path))


@pytest.fixture
def worker(settings: Settings, tmp_path: Path) -> Iterator[Worker]:
    started = Worker.start(settings, tmp_path, "one")
    yield started
    stop(started.process)


def order(settings: Settings, customer: str, number: int, currency: str = "USD") -> Written:
    now = time.time_ns() // 1_000_000
    value = {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"{customer}-{number}",
        "userId": customer,
        "timestamp": to_text(now),
        "properties": {"order_id": f"{customer}-{number}", "total": 12.5, "currency": currency},
    }
    key = customer.encode()
    partition = partition_by("murmur2", settings.partitions)(key)
    return topics_of(settings).inputs[0], partition, key, orjson.dumps(value), now


def shown(settings: Settings, customer: str) -> dict[str, object]:
    result = CliRunner().invoke(show.command, [customer, "--json"], env=environment(settings, COLUMNS="200"))
    return json.loads(result.output) if result.exit_code == 0 else {}


def test_a_worker_is_seen(settings: Settings, worker: Worker) -> None:
    customers = [f"{settings.topic_prefix}{number}" for number in range(20)]
    keys = settings.app_id
    redis = Redis.from_url(settings.redis_url, decode_responses=True)
    wait_until(lambda: worker.page("/ready")[0] == 200)
    write(settings, [*(order(settings, it, 1) for it in customers), order(settings, customers[0], 2, "XXX")])
    wait_until(lambda: redis.scard(f"{keys}:stage:new") == 20)
    assert shown(settings, customers[3])["stage"] == "new"

    redis.flushall()
    write(settings, [order(settings, it, 3) for it in customers[:5]])
    wait_until(lambda: redis.scard(f"{keys}:stage:new") == 15 and redis.scard(f"{keys}:stage:repeat") == 5)
    assert shown(settings, customers[0])["stage"] == "repeat"
    assert redis.scard(f"{keys}:stage:prospect") == 0

    status, metrics = worker.page("/metrics")
    assert status == 200
    assert 'lifestage_events_total{outcome="applied"} 25.0' in metrics
    assert 'lifestage_events_total{outcome="rejected"} 1.0' in metrics
    assert 'lifestage_customers{stage="repeat"} 5.0' in metrics
    assert "lifestage_event_delay_seconds_count 26.0" in metrics
    assert "lifestage_mirror_connected 1.0" in metrics
    health = worker.health()
    assert health["ready"] is True
    assert health["mirror"]["connected"] is True
    for path in ("/metrics", "/health", "/ready", "/", "/table/", "/table/customers/"):
        assert settings.topic_prefix + "1" not in worker.page(path)[1]

    # Every address of 127.0.0.0/8 is this machine, so who listens on all of them would answer here too.
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.2", worker.port), timeout=2)

    listed = CliRunner().invoke(rejects.command, [], env=environment(settings, COLUMNS="200"))
    assert listed.exit_code == 0
    assert listed.output.splitlines()[-2].startswith("1 rejects")
    redis.close()
