"""Redis itself: the newest write wins in any order, and the sets agree with the hashes."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from agents.profile_sink import MirrorLostError, Row
from streams.settings import Settings
from streams.sinks.redis import Keys, RedisSink, described, version_text
from tests.support.mirror import row
from tests.support.stages import STAGES

SEGMENTS = ("vip", "bargain_hunter", "sleeping")


@pytest.fixture
async def mirror(redis_url: str, topic_prefix: str) -> AsyncIterator[RedisSink]:
    mirror = RedisSink(Settings(redis_url=redis_url, app_id=topic_prefix))
    await mirror.identity()
    yield mirror
    await mirror.close()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url, decode_responses=True)
    yield client
    await client.aclose()


async def memberships(redis: Redis, keys: Keys, customer: str) -> tuple[list[str], list[str]]:
    stages = [it for it in STAGES if await redis.sismember(f"{keys.prefix}stage:{it}", customer)]
    segments = [it for it in SEGMENTS if await redis.sismember(f"{keys.prefix}segment:{it}", customer)]
    return stages, segments


positions = st.tuples(st.integers(0, 3), st.integers(0, 3))


@st.composite
def writes(draw: st.DrawFn) -> list[Row]:
    changes = draw(
        st.dictionaries(
            positions, st.tuples(st.lists(st.sampled_from(SEGMENTS), unique=True), st.booleans()), min_size=1
        )
    )
    rows = [row("c", position, entered, gone) for position, (entered, gone) in changes.items()]
    return draw(st.permutations(rows + draw(st.lists(st.sampled_from(rows), max_size=4))))


@given(writes())
@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_writes_ends_at_the_newest(redis_url: str, topic_prefix: str, rows: list[Row]) -> None:
    asyncio.run(_ends_at_the_newest(redis_url, topic_prefix, rows))


async def _ends_at_the_newest(redis_url: str, app_id: str, rows: Sequence[Row]) -> None:
    keys = Keys(f"{app_id}:")
    mirror = RedisSink(Settings(redis_url=redis_url, app_id=app_id))
    redis = Redis.from_url(redis_url, decode_responses=True)
    await redis.delete(keys.customer("c"))
    await redis.delete(
        *(f"{keys.prefix}stage:{it}" for it in STAGES), *(f"{keys.prefix}segment:{it}" for it in SEGMENTS)
    )
    await mirror.identity()
    for it in rows:
        await mirror.write([it])
    newest = max(rows, key=lambda it: it.version)
    held = await redis.hgetall(keys.customer("c"))
    assert held["version"] == version_text(newest.version)
    if newest.profile is None:
        assert set(held) == {"version"}
        assert await memberships(redis, keys, "c") == ([], [])
    else:
        assert held["stage"] == newest.profile.stage
        assert held.get("next_at") == newest.profile.next_at
        assert int(held["seq"]) == newest.profile.seq
        stages, segments = await memberships(redis, keys, "c")
        assert (stages, set(segments)) == ([newest.profile.stage], set(newest.profile.segments))
    await mirror.close()
    await redis.aclose()


async def test_two_workers_at_once_end_at_the_newest(redis_url: str, topic_prefix: str, redis: Redis) -> None:
    workers = [RedisSink(Settings(redis_url=redis_url, app_id=topic_prefix)) for _ in range(2)]

    async def work(worker: RedisSink, start: int) -> None:
        await worker.identity()
        for number in range(start, 200, 2):
            await worker.write([row(f"c{customer}", (number, 0), ["vip"]) for customer in range(5)])

    await asyncio.gather(work(workers[0], 0), work(workers[1], 1))
    for customer in range(5):
        assert await redis.hget(f"{topic_prefix}:customer:c{customer}", "seq") == "199"
    for worker in workers:
        await worker.close()


async def test_one_who_is_gone_can_come_back(mirror: RedisSink, redis: Redis, topic_prefix: str) -> None:
    name = f"{topic_prefix}:customer:c"
    await mirror.write([row("c", (1, 0), ["vip"]), row("c", (2, 0), gone=True), row("c", (1, 5))])
    assert await redis.hkeys(name) == ["version"]
    assert await redis.ttl(name) > 0
    await mirror.write([row("c", (3, 0))])
    assert await redis.ttl(name) == -1
    assert await redis.hexists(name, "profile")


async def test_every_transition_is_announced_after_its_profile(
    mirror: RedisSink, redis: Redis, topic_prefix: str
) -> None:
    async with redis.pubsub() as listener:
        await listener.subscribe(f"{topic_prefix}:transitions")
        await listener.get_message(timeout=5)
        seen = row("c", (1, 0))
        await mirror.write([Row("c", seen.version, seen.profile, seen.snapshot, [b"one", b"two"])])
        received = [await listener.get_message(timeout=5) for _ in range(2)]
    assert [it["data"] for it in received if it] == ["one", "two"]


async def test_how_far_it_has_come_is_not_noted_in_an_emptied_server(
    mirror: RedisSink, redis: Redis, topic_prefix: str
) -> None:
    identity = await mirror.identity()
    await mirror.reached(identity, {0: 7, 11: 9})
    assert await redis.hgetall(f"{topic_prefix}:positions") == {"0": "7", "11": "9"}
    await redis.delete(f"{topic_prefix}:mirror", f"{topic_prefix}:positions")
    await mirror.reached(identity, {0: 8})
    assert not await redis.exists(f"{topic_prefix}:positions")


async def test_identity_changes_when_the_content_is_lost(mirror: RedisSink, redis: Redis, topic_prefix: str) -> None:
    before = await mirror.identity()
    assert await mirror.identity() == before
    await redis.delete(f"{topic_prefix}:mirror")
    assert await mirror.identity() != before


async def test_a_lost_connection_is_reported_without_the_password() -> None:
    mirror = RedisSink(Settings(redis_url="redis://user:secret@127.0.0.1:1/0"))
    with pytest.raises(MirrorLostError, match=r"redis://127\.0\.0\.1:1/0") as caught:
        await mirror.identity()
    assert "secret" not in str(caught.value)
    assert described("redis://h:1/0?password=secret") == "redis://h:1/0"


async def test_a_refusal_is_reported_without_the_customer(mirror: RedisSink, redis: Redis, topic_prefix: str) -> None:
    await redis.set(f"{topic_prefix}:customer:somebody", "not a hash")
    with pytest.raises(MirrorLostError, match="WRONGTYPE") as caught:
        await mirror.write([row("somebody", (1, 0))])
    assert "somebody" not in str(caught.value)
