"""Kafka that does not answer, or accepts no records: a worker ends with a reason, or waits with bounded memory."""

import asyncio
import os
import re
import signal
from pathlib import Path

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.connection import administration
from streams.partitions.position import POSITION_KEY, decode_position
from streams.settings import Settings
from streams.topics import create, topics_of
from tests.support import servers
from tests.support.installation import settings_for
from tests.support.reconciliation import Account, account, counting, produce, settled
from tests.support.topics import read
from tests.support.waiting import PATIENCE, until

MEGABYTE = 1 << 20


async def test_a_worker_that_kafka_does_not_answer_ends_with_a_reason(tmp_path: Path, topic_prefix: str) -> None:
    with servers.embedded_kafka(tmp_path) as server:
        settings = settings_for(server.address, topic_prefix, embedded=True)
        await create(settings)
        with counting(settings, tmp_path) as started:
            worker = started.start("one", LIFESTAGE_AVAILABILITY_TIMEOUT="6")
            await produce(settings, range(500))
            assert (await settled(settings, 500)).counted == 500
            os.kill(server.pid, signal.SIGSTOP)
            try:
                assert await asyncio.to_thread(worker.process.wait, PATIENCE) == 70
            finally:
                os.kill(server.pid, signal.SIGCONT)
            assert "for 6 s" in worker.log.read_text().strip().splitlines()[-1]
            started.start("one")
            await produce(settings, range(500, 1000))
            assert await settled(settings, 1000) == Account(1000, 0, 0, 0)


@pytest.mark.apache
async def test_memory_is_bounded_while_kafka_takes_nothing_and_input_arrives(
    apache_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(apache_broker, topic_prefix, partitions=1)
    await create(settings)
    with counting(settings, tmp_path) as started:
        worker = started.start("one", LIFESTAGE_BATCH_TIMEOUT="6")
        await produce(settings, range(500))
        assert (await settled(settings, 500)).counted == 500
        before = peak_memory(worker.process.pid)
        quota = settings.app_id + "-one"
        await configure_client(apache_broker, quota, "--add-config", "producer_byte_rate=1")
        await produce(settings, range(500, 4500), size=MEGABYTE // 16)
        await started.until_logged("one", "a batch failed", 3)
        # 250 MiB have arrived; 8 MiB of each of four topics may wait, a batch is in the making, others on their way.
        assert peak_memory(worker.process.pid) - before < 200 * MEGABYTE
        await configure_client(apache_broker, quota, "--delete-config", "producer_byte_rate")

        async def all_counted() -> bool:
            return await counted(settings) >= 4500

        await until(all_counted, what="4500 records")
        assert await account(settings) == Account(4500, 0, 0, 0)


@pytest.mark.apache
async def test_memory_is_bounded_while_kafka_refuses_every_batch(
    apache_broker: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = settings_for(apache_broker, topic_prefix, partitions=1)
    await create(settings)
    with counting(settings, tmp_path) as started:
        worker = started.start("one")
        await produce(settings, range(500))
        assert (await settled(settings, 500)).counted == 500
        before = peak_memory(worker.process.pid)
        async with administration(settings) as admin:
            # Nothing that we write fits; a transaction's own marker still does.
            configs = {"cleanup.policy": "compact", "max.message.bytes": "100"}
            changelog = topics_of(settings).changelog
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, changelog, configs=configs)])
        await produce(settings, range(500, 4500), size=MEGABYTE // 16)
        await started.until_logged("one", "a batch failed", 20)
        assert peak_memory(worker.process.pid) - before < 250 * MEGABYTE


async def configure_client(broker: str, client: str, *change: str) -> None:
    """Set a quota for a client: one that may write next to nothing gets no answer to its writes, but can read."""
    tool = ["java", "-cp", f"{servers.kafka_libraries()}/*", "kafka.admin.ConfigCommand", "--bootstrap-server", broker]
    words = ["--alter", "--entity-type", "clients", "--entity-name", client, *change]
    process = await asyncio.create_subprocess_exec(*tool, *words)
    assert await process.wait() == 0


def peak_memory(pid: int) -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


async def counted(settings: Settings) -> int:
    """Return how many records lie behind the position: no need to read them."""
    changes = await read(settings, topics_of(settings).changelog)
    markers = [record.value for record in changes if record.key == POSITION_KEY]
    return sum(decode_position(markers[-1]).positions.values())
