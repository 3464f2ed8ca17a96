"""The heartbeat of a worker on a real Redis: seen while it runs and for a while after it died, and never in the way."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from streams.embedded.ports import HOST, free_port
from streams.serve.redis_reader import RedisReader
from streams.serve.stored_workers import StoredWorkers
from streams.settings import Settings
from streams.sinks.heartbeat import GONE_SECONDS, Heartbeat
from streams.sinks.redis import Keys
from tests.support.waiting import until

DOCUMENT: dict[str, Any] = {"ready": True, "partitions": {"0": {"upto": "2026-01-02T00:00:00.000Z"}}}


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_it_is_seen_while_it_beats_and_gone_when_it_ends_in_order(redis_url: str, topic_prefix: str) -> None:
    settings = Settings(redis_url=redis_url, app_id=topic_prefix, instance="one")
    redis, keys = Redis.from_url(redis_url), Keys.of(settings)
    workers = StoredWorkers(RedisReader(redis, keys))

    async def seen() -> bool:
        return len(await workers.all()) == 1

    task = asyncio.create_task(Heartbeat(settings, lambda: DOCUMENT).run())
    await until(seen)
    (told,) = await workers.all()
    assert told == {"instance": "one", "at": told["at"], "clock": "wall", **DOCUMENT}
    assert await workers.upto() == 1_767_312_000_000
    assert GONE_SECONDS - 60 < await redis.ttl(keys.worker("one")) <= GONE_SECONDS
    await end(task)
    assert await workers.all() == []
    assert await redis.exists(keys.worker("one"), keys.workers) == 0
    await redis.aclose()


async def test_who_died_stays_for_an_hour_and_others_forget_them_then(redis_url: str, topic_prefix: str) -> None:
    settings = Settings(redis_url=redis_url, app_id=topic_prefix, instance="two")
    redis, keys = Redis.from_url(redis_url), Keys.of(settings)
    workers = StoredWorkers(RedisReader(redis, keys))
    await redis.zadd(keys.workers, {"gone": 0})  # its document has expired
    await redis.set(keys.worker("died"), orjson.dumps({"instance": "died", **DOCUMENT}))
    await redis.zadd(keys.workers, {"died": 2**53})

    async def alone() -> bool:
        return {it["instance"] for it in await workers.all()} == {"died", "two"}

    task = asyncio.create_task(Heartbeat(settings, lambda: DOCUMENT).run())
    await until(alone)
    assert await redis.zscore(keys.workers, "gone") is None
    await end(task)
    assert {it["instance"] for it in await workers.all()} == {"died"}
    await redis.aclose()


async def test_without_redis_it_says_so_once_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    beats = 0

    def document() -> dict[str, Any]:
        nonlocal beats
        beats += 1
        return DOCUMENT

    async def beaten() -> bool:
        return beats > 1

    settings = Settings(redis_url=f"redis://{HOST}:{free_port()}/0", instance="one")
    task = asyncio.create_task(Heartbeat(settings, document).run())
    await until(beaten)
    await end(task)
    assert len([it for it in caplog.messages if "heartbeat" in it]) == 1
