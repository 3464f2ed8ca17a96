"""The servers come up, answer, keep their data, and are gone afterwards, however their block ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.embedded.child_process import ServerError
from tests.support.servers import embedded_kafka, embedded_redis
from tests.support.waiting import PATIENCE

HOLD = """
import pathlib, sys, time
from streams.embedded.servers import kafka_broker, redis_server
folder = pathlib.Path(sys.argv[1])
with kafka_broker(folder) as kafka, redis_server(folder) as mirror:
    print(kafka.pid, mirror.pid, flush=True)
    while True:  # a signal just before ``signal.pause`` would be lost
        time.sleep(0.05)
"""


async def round_trip(bootstrap: str, topic: str) -> list[bytes | None]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    # The record is old: by default, the broker would delete it at its next look.
    await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"retention.ms": "-1"})])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    await producer.send_and_wait(topic, b"value", key=b"key", timestamp_ms=1_483_228_800_000)
    await producer.stop()
    return await read_all(bootstrap, topic)


async def read_all(bootstrap: str, topic: str) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    record = await asyncio.wait_for(consumer.getone(), PATIENCE)
    await consumer.stop()
    assert record.timestamp == 1_483_228_800_000
    return [record.key, record.value]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


async def test_embedded_broker_takes_records(embedded_broker: str, topic_prefix: str) -> None:
    assert await round_trip(embedded_broker, f"{topic_prefix}first") == [b"key", b"value"]


async def test_embedded_broker_keeps_its_records_over_a_restart(data_folder: Path) -> None:
    with embedded_kafka(data_folder) as server:
        await round_trip(server.address, "kept")
    assert not alive(server.pid)
    with embedded_kafka(data_folder) as server:
        assert await read_all(server.address, "kept") == [b"key", b"value"]


def test_embedded_redis_keeps_its_keys_over_a_restart(data_folder: Path) -> None:
    for expected in (None, b"1"):
        with embedded_redis(data_folder) as server, redis.Redis.from_url(server.address) as client:
            assert client.get("customer") == expected
            client.set("customer", "1")
        assert not alive(server.pid)


def test_a_folder_serves_one_broker_at_a_time(data_folder: Path) -> None:
    with embedded_kafka(data_folder), pytest.raises(ServerError, match="in use by another run"):
        with embedded_kafka(data_folder):
            pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_servers_end_with_the_process_that_started_them(data_folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", HOLD, str(data_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
        assert holder.stdout is not None
        pids = [int(word) for word in holder.stdout.readline().split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
        os.kill(holder.pid, number)
        try:
            holder.wait(20)
        finally:
            holder.kill()  # or the test would wait for ever
    assert gone_within(pids, 5)
