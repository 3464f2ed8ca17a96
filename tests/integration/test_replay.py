"""A replay writes each event once, in order, with watermarks that never run ahead of what was sent."""

import asyncio
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from aiokafka import ConsumerRecord, TopicPartition

from schemas.instant import from_text
from streams import topics
from streams.partitions.watermarks import WATERMARK_KEY
from streams.replay.rate_limit import RateLimit
from streams.replay.replay import Progress, replay
from streams.settings import Settings
from streams.sources import simulated
from streams.sources.source import Source
from tests.support.installation import settings_for
from tests.support.topics import read
from tests.support.waiting import PATIENCE
from tests.support.workers import environment

END = from_text("2025-06-01")
Log = dict[TopicPartition, list[ConsumerRecord]]


@pytest.fixture(scope="module")
def source() -> Source:
    return Source("simulated", "simulated", simulated.events(customers=100, days=150, seed=5))


@pytest.fixture
async def settings(embedded_broker: str, topic_prefix: str) -> Settings:
    made = settings_for(embedded_broker, topic_prefix, partitions=3)
    await topics.create(made)
    return made


async def read_inputs(settings: Settings) -> Log:
    log: Log = {}
    for record in await read(settings, *topics.topics_of(settings).inputs):
        log.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
    return log


def check(log: Log, source: Source, end: int) -> None:
    sent = [record for records in log.values() for record in records if record.key != WATERMARK_KEY]
    expected = sorted((event.instant, event.key, event.value) for event in source.events)
    assert sorted((record.timestamp, record.key, record.value) for record in sent) == expected
    by_key: dict[bytes, set[int]] = {}
    for place, records in log.items():
        passed = 0
        for record in records:
            assert record.timestamp >= passed
            if record.key == WATERMARK_KEY:
                passed = record.timestamp
                assert from_text(orjson.loads(record.value)["timestamp"]) == passed
            else:
                by_key.setdefault(record.key, set()).add(place.partition)
        last = orjson.loads(records[-1].value)
        assert (last["type"], last["final"], from_text(last["timestamp"])) == ("watermark", True, end)
    assert all(len(numbers) == 1 for numbers in by_key.values()), "the topics are not co-partitioned"


async def test_every_event_once_in_order_and_a_final_watermark(settings: Settings, source: Source) -> None:
    seen: list[Progress] = []
    done = await replay(source, settings, seen.append, end=END)
    assert (done.sent, done.skipped, done.instant) == (len(source.events), 0, END)
    assert seen[-1].sent == len(source.events)
    check(await read_inputs(settings), source, END)


async def test_a_second_replay_sends_at_most_the_last_instant_again(settings: Settings, source: Source) -> None:
    last = source.events[-1].instant
    await replay(source, settings, lambda _: None)
    again = await replay(source, settings, lambda _: None)
    assert again.skipped >= len(source.events) - sum(event.instant == last for event in source.events)
    assert again.sent + again.skipped == len(source.events)


async def test_an_interrupted_replay_goes_on_without_loss(settings: Settings, source: Source) -> None:
    def cut() -> None:
        task.cancel()

    task = asyncio.create_task(replay(source, settings, lambda _: cut(), limit=RateLimit(rate=4_000)))
    with pytest.raises(asyncio.CancelledError):
        await task
    done = await replay(source, settings, lambda _: None, end=END)
    assert 0 < done.skipped < len(source.events)
    log = await read_inputs(settings)
    values = [record.value for records in log.values() for record in records if record.key != WATERMARK_KEY]
    assert set(values) == {event.value for event in source.events}
    assert len(values) - len(set(values)) <= 2 * settings.partitions * 4
    for place, records in log.items():
        stamps = [record.timestamp for record in records]
        assert stamps == sorted(stamps), place


async def test_an_end_leaves_out_what_is_later(settings: Settings, source: Source) -> None:
    end = from_text("2025-02-01")
    done = await replay(source, settings, lambda _: None, end=end)
    assert done.total == sum(event.instant <= end for event in source.events)


async def test_a_killed_replay_is_taken_up_by_the_command(settings: Settings, tmp_path: Path, source: Source) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(event.value + b"\n" for event in source.events))
    given = environment(settings)
    program = [sys.executable, "-c", "from streams.cli.commands.replay import command; command()", str(path)]
    with subprocess.Popen([*program, "--rate", "2000/s"], env=given, stderr=subprocess.DEVNULL) as first:
        while all(it.key == WATERMARK_KEY for records in (await read_inputs(settings)).values() for it in records):
            assert first.poll() is None
        first.kill()
    second = subprocess.run(program, env=given, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert second.returncode == 0, second.stderr
    assert "were there already" in second.stderr
    log = await read_inputs(settings)
    sent = {record.value for records in log.values() for record in records if record.key != WATERMARK_KEY}
    assert sent == {event.value for event in source.events}
