"""Kafka that says nothing any more: a worker ends with a reason, and its successor goes on."""

import asyncio
import os
import signal
import uuid
from pathlib import Path

from streams.settings import Settings
from streams.topics import create
from tests import servers
from tests.transport.processes import Account, produce, settled, workers


async def test_a_worker_that_kafka_does_not_answer_ends_with_a_reason(tmp_path: Path) -> None:
    name = f"t{uuid.uuid4().hex[:8]}"
    with servers.embedded_kafka(tmp_path) as server:
        settings = Settings(broker=server.address, topic_prefix=f"{name}-", app_id=name, embedded=True)
        await create(settings)
        with workers(settings, tmp_path) as started:
            process = started.start("one", LIFESTAGE_AVAILABILITY_TIMEOUT="6", LIFESTAGE_EMBEDDED="yes")
            await produce(settings, range(500))
            assert (await settled(settings, 500)).counted == 500
            os.kill(server.pid, signal.SIGSTOP)
            try:
                assert await asyncio.to_thread(process.wait, 60) == 70
            finally:
                os.kill(server.pid, signal.SIGCONT)
            assert "for 6 s" in started.log("one").strip().splitlines()[-1]
            started.start("one", LIFESTAGE_EMBEDDED="yes")
            await produce(settings, range(500, 1000))
            assert await settled(settings, 1000) == Account(1000, 0, 0, 0)
