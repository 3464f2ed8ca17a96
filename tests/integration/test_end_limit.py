"""A worker that cannot end in order: it ends at once, within seconds, and says what it did not wait for."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from streams.embedded.ports import free_port
from streams.end_limit import SECONDS
from streams.fatal import EXIT_CODE
from streams.settings import Settings
from streams.topics import topics_of
from tests.support import servers
from tests.support.hanging_worker import HANGS
from tests.support.installation import Installation, installation, settings_for
from tests.support.waiting import PATIENCE, wait_until
from tests.support.workers import environment

COMMAND = (sys.executable, "-m", "tests.support.hanging_worker")
AT_ONCE = f"not ended {SECONDS:.0f} s after it was to end, it ends at once without waiting for"


@contextmanager
def installed(broker: str, prefix: str, folder: Path) -> Iterator[Installation]:
    with installation(settings_for(broker, prefix, embedded=True, partitions=2), folder) as made:
        made.command = COMMAND
        yield made


@pytest.mark.parametrize(
    ("how", "what"), [("task", "go_on (in sleep)"), ("loop", "the main thread, in block < ")], ids=["task", "loop"]
)
def test_a_worker_that_hangs_ends_at_once(
    how: str, what: str, embedded_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    with installed(embedded_broker, topic_prefix, tmp_path) as made:
        worker = made.start(HANGS=how)
        wait_until(lambda: HANGS in worker.log.read_text(), what=made.logs)
        assert made.stop() == 0
        assert f"{AT_ONCE} {what}" in worker.log.read_text()


def test_a_worker_that_crashed_and_hangs_ends_at_once(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    with installed(embedded_broker, topic_prefix, tmp_path) as made:
        worker = made.start(HANGS="crash")
        assert worker.process.wait(PATIENCE) == EXIT_CODE
        assert f"{AT_ONCE} go_on (in sleep)" in worker.log.read_text()


def test_a_worker_whose_log_nobody_reads_ends_at_once(embedded_broker: str, topic_prefix: str, tmp_path: Path) -> None:
    with installed(embedded_broker, topic_prefix, tmp_path) as made:
        given = {"HANGS": "pipe", "LIFESTAGE_WEB_PORT": str(free_port()), "LIFESTAGE_DATA": str(tmp_path / "data")}
        process = subprocess.Popen(
            COMMAND, env=environment(made.settings, **given), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().decode().strip().endswith(HANGS)
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            process.communicate()


def test_a_worker_ends_while_kafka_stands_still_in_a_batch(topic_prefix: str, tmp_path: Path) -> None:
    with servers.embedded_kafka(tmp_path) as broker, installed(broker.address, topic_prefix, tmp_path) as made:
        try:
            worker = made.start(HANGS="broker", BROKER=str(broker.pid))
            asyncio.run(send(made.settings))
            wait_until(lambda: HANGS in worker.log.read_text(), what=made.logs)
            assert made.stop() == 0
            log = worker.log.read_text()
            assert "its last batch is given up" in log
            assert "Traceback" not in log
        finally:
            os.kill(broker.pid, signal.SIGCONT)


@pytest.mark.apache
def test_a_worker_ends_while_kafka_stands_still(
    apache_kafka_server: servers.Kafka, topic_prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(apache_kafka_server.bootstrap, topic_prefix, partitions=2)
    with installation(settings, tmp_path) as made:
        made.start()
        asyncio.run(send(settings))
        asyncio.run(made.until_healths(lambda healths: bool(healths["one"].get("ready"))))
        try:
            for pid in apache_kafka_server.pids:
                os.kill(pid, signal.SIGSTOP)
            assert made.stop() == 0
        finally:
            for pid in apache_kafka_server.pids:
                os.kill(pid, signal.SIGCONT)


async def send(settings: Settings) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.broker) as producer:
        for partition in range(settings.partitions):
            await producer.send_and_wait(topics_of(settings).inputs[0], b"{}", b"c", partition=partition)
