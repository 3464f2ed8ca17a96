"""Real workers on real brokers: killed, frozen, stopped; nothing lost and nothing repeated.

On Apache Kafka, tests/chaos/test_campaign.py kills at every point, ends workers in order, and scales.
"""

import asyncio
import signal
from pathlib import Path

import pytest

from streams.settings import Settings
from streams.topics import create, topics_of
from tests.support.installation import settings_for
from tests.support.reconciliation import Account, account, counting, produce, settled
from tests.support.waiting import PATIENCE
from tests.support.workers import Worker

EMBEDDED = pytest.mark.parametrize("broker", ["embedded_broker"])


@pytest.fixture
async def settings(broker: str, request: pytest.FixtureRequest, topic_prefix: str) -> Settings:
    made = settings_for(request.getfixturevalue(broker), topic_prefix, embedded=broker == "embedded_broker")
    await create(made)
    return made


async def ended(worker: Worker) -> int:
    return await asyncio.to_thread(worker.process.wait, PATIENCE)


async def counted(settings: Settings, least: int) -> None:
    result = await settled(settings, least)
    assert result.counted >= least


@EMBEDDED
@pytest.mark.parametrize("store", ["memory", "disk"])
async def test_killed_in_mid_stream_it_goes_on_from_the_marker(settings: Settings, store: str, tmp_path: Path) -> None:
    with counting(settings, tmp_path) as started:
        for point in ("after_changelog", "after_acknowledged", "during_commit", "after_commit"):
            worker = started.start("one", LIFESTAGE_FAILPOINT=f"{point}:1:7", LIFESTAGE_STORE=store)
            await produce(settings, range(1000))
            assert await ended(worker) == -signal.SIGKILL
        started.start("one", LIFESTAGE_STORE=store)
        await produce(settings, range(1000, 3000), size=100)
        assert await settled(settings, 6000) == Account(6000, 0, 0, 0)


@EMBEDDED
async def test_sigterm_ends_it_in_order(settings: Settings, tmp_path: Path) -> None:
    with counting(settings, tmp_path) as started:
        worker = started.start("one")
        await produce(settings, range(2000))
        await counted(settings, 1)
        worker.process.terminate()
        assert await ended(worker) == 0
        started.start("two")
        assert await settled(settings, 2000) == Account(2000, 0, 0, 0)


@EMBEDDED
async def test_sigterm_ends_it_while_the_group_waits_for_a_dead_member(settings: Settings, tmp_path: Path) -> None:
    with counting(settings, tmp_path) as started:
        one, two = started.start("one", LIFESTAGE_LOG_CLIENTS="yes"), started.start("two")
        await started.until_logged("two", "opened partitions")
        await started.until_logged("one", "opened partitions")
        joined = started.workers["one"].log.read_text().count("(Re-)joining group")
        # This broker never notices that a member is dead: who joins now waits for it for ever.
        two.process.kill()
        three = started.start("three")
        await started.until_logged("one", "(Re-)joining group", joined + 1)
        one.process.terminate()
        three.process.terminate()
        assert await ended(one) == 0
        assert await ended(three) == 0


@pytest.mark.apache
@pytest.mark.parametrize("broker", ["apache_broker"])
async def test_two_share_and_a_frozen_one_is_fenced(settings: Settings, tmp_path: Path) -> None:
    with counting(settings, tmp_path) as started:
        first = started.start("one")
        await produce(settings, range(1000))
        await counted(settings, 1000)
        started.start("two")
        await started.until_logged("two", "opened partitions")
        first.process.send_signal(signal.SIGSTOP)
        await produce(settings, range(1000, 3000))
        assert (await settled(settings, 3000)).counted == 3000
        first.process.send_signal(signal.SIGCONT)
        await produce(settings, range(3000, 4000))
        await settled(settings, 4000)
        await asyncio.sleep(2)
        assert await account(settings) == Account(4000, 0, 0, 0)
        assert first.alive


@EMBEDDED
async def test_a_snapshot_larger_than_a_batch_is_written(settings: Settings, tmp_path: Path) -> None:
    with counting(settings, tmp_path) as started:
        started.start("one")
        await produce(settings, range(20), size=700_000)
        assert await settled(settings, 20) == Account(20, 0, 0, 0)


@EMBEDDED
async def test_topics_that_are_missing_end_it_with_a_reason(settings: Settings, tmp_path: Path) -> None:
    nowhere = Settings(broker=settings.broker, topic_prefix="nowhere-", app_id="nowhere")
    with counting(nowhere, tmp_path) as started:
        worker = started.start("one")
        assert await ended(worker) == 70
        log = worker.log.read_text()
        assert "lifestage topics create" in log
        assert topics_of(nowhere).inputs[0] in log
