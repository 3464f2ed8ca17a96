"""Events over HTTP while something is killed: what was said to be taken is there, and counts once."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.embedded.ports import free_port
from streams.settings import Settings
from streams.topics import create, topics_of
from tests.support.installation import existing, settings_for
from tests.support.retrying import RetryingClient
from tests.support.sdks import python_command
from tests.support.servers import Kafka, apache_kafka, embedded_kafka
from tests.support.serving import Server, serving
from tests.support.topics import read
from tests.support.waiting import PATIENCE, wait_until

KEY = "write-key-of-the-shop"
KILLS = 2


@contextmanager
def intake(settings: Settings, folder: Path, port: int) -> Iterator[Server]:
    tokens = folder / "tokens"
    tokens.write_text(f"write {KEY}\n")
    given = {"LIFESTAGE_SERVE_PORT": str(port), "LIFESTAGE_SERVE_TOKENS": str(tokens)}
    with serving(settings, folder / "serve.log", **given) as server:
        yield server


def answers(server: Server, status: int) -> Callable[[], bool]:
    return lambda: server.get("/ready").status == status


def in_topics(settings: Settings) -> Counter[str]:
    """How often each event is in the topics, by its messageId."""
    found = asyncio.run(read(settings, *topics_of(settings).own_inputs))
    return Counter(json.loads(it.value)["messageId"] for it in found)


def counted(settings: Settings, folder: Path) -> dict[str, float]:
    """What a worker makes of all that is in the topics, by outcome."""
    with existing(settings, folder) as installation:
        worker = installation.start()
        asyncio.run(installation.wait_until_done(time.time_ns() // 1_000_000))
        lines = [it for it in worker.page("/metrics")[1].splitlines() if it.startswith("lifestage_events_total{")]
    return {it.partition('outcome="')[2].partition('"')[0]: float(it.rpartition(" ")[2]) for it in lines}


def check(settings: Settings, folder: Path, taken: set[str], sent: set[str]) -> None:
    """All that was said to be taken is there, nothing else is, and a worker counts each once."""
    found = in_topics(settings)
    assert taken - set(found) == set()
    assert set(found) - sent == set()
    outcomes = counted(settings, folder)
    assert outcomes["applied"] == len(found)
    assert outcomes.get("duplicate", 0) == found.total() - len(found)
    assert sum(outcomes.values()) == found.total()


def test_a_killed_intake_loses_nothing_that_it_took(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    settings = settings_for(embedded_broker, topic_prefix, embedded=True)
    asyncio.run(create(settings))
    port = free_port()
    command, environment = python_command("segment", f"http://127.0.0.1:{port}", KEY, "100", "20")
    told = tmp_path / "sdk"
    with intake(settings, tmp_path, port) as server:
        wait_until(answers(server, 200), what=server.log.read_text)
        client = RetryingClient(server.address, KEY, "retrying")
        with told.open("wb") as output:
            sdk = subprocess.Popen(command, env=environment, stdout=output)
        _wait_for_more(client)
        server.process.kill()
    for _ in range(KILLS - 1):
        with intake(settings, tmp_path, port) as server:
            _wait_for_more(client)
            server.process.kill()
    with intake(settings, tmp_path, port):
        _wait_for_more(client)
        client.end()
        assert sdk.wait(PATIENCE) == 0
    assert client.repeated >= KILLS
    of_sdk = {json.loads(it)["messageId"] for it in told.read_text().splitlines()}
    assert len(of_sdk) == 100 * 24
    check(settings, tmp_path, client.taken | of_sdk, client.sent | of_sdk)


def test_while_kafka_stands_still_nothing_is_taken_and_afterwards_all(topic_prefix: str, tmp_path: Path) -> None:
    with embedded_kafka(tmp_path / "kafka") as kafka:
        settings = settings_for(kafka.address, topic_prefix, embedded=True)
        asyncio.run(create(settings))
        with intake(settings, tmp_path, free_port()) as server:
            wait_until(answers(server, 200), what=server.log.read_text)
            client = RetryingClient(server.address, KEY, "retrying")
            _wait_for_more(client)
            os.kill(kafka.pid, signal.SIGSTOP)
            try:
                wait_until(answers(server, 503), what=server.log.read_text)
                assert "acknowledges nothing" in server.get("/ready").detail
                before = client.repeated
                wait_until(lambda: client.repeated > before + 10)  # at once, and not each after seconds
            finally:
                os.kill(kafka.pid, signal.SIGCONT)
            wait_until(answers(server, 200), what=server.log.read_text)
            _wait_for_more(client)
            client.end()
        check(settings, tmp_path, client.taken, client.sent)


@pytest.mark.apache
def test_a_killed_kafka_loses_nothing_that_was_taken(topic_prefix: str, tmp_path: Path) -> None:
    with apache_kafka(tmp_path / "kafka") as kafka:
        settings = settings_for(kafka.bootstrap, topic_prefix)
        asyncio.run(create(settings))
        kafka.brokers[0].kill()
        with intake(settings, tmp_path, free_port()) as server:
            assert server.get("/ready").status == 503
            client = RetryingClient(server.address, KEY, "retrying")
            wait_until(lambda: client.repeated)
            _start(kafka)
            for _ in range(KILLS):
                _wait_for_more(client)
                kafka.brokers[0].kill()
                before = client.repeated
                wait_until(lambda: client.repeated > before, what=server.log.read_text)  # noqa: B023
                _start(kafka)
            _wait_for_more(client)
            client.end()
        check(settings, tmp_path, client.taken, client.sent)


def _start(kafka: Kafka) -> None:
    kafka.brokers[0].start()
    kafka.wait_until_complete()


def _wait_for_more(client: RetryingClient) -> None:
    """Wait until some more batches are taken."""
    before = len(client.taken)
    wait_until(lambda: len(client.taken) > before + 200, what="that more is taken")
