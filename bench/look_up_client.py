"""The client of the look-up benchmark: requests at a steady rate, or as many as are answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import Random

import aiohttp
import orjson

from streams.settings import Settings
from streams.sinks.redis import Keys, connect, read_profile

AT_ONCE = 500
_CONNECTIONS = 8
_LEAD_SECONDS = 1.0

Ask = Callable[[], Awaitable[None]]


def over_http(
    address: str, customers: list[str], seconds: float, *, rate: float | None = None, query: str = ""
) -> list[float]:
    """Return how long look-ups took, in ms: at so many a second, or, without a rate, eight at any time."""

    async def run() -> list[float]:
        random = Random(1)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def ask() -> None:
                async with session.get(f"{address}/v1/customers/{random.choice(customers)}{query}") as answer:
                    assert answer.status == 200, await answer.text()
                    await answer.read()

            return await _asked(ask, rate, seconds)

    return asyncio.run(run())


def many_over_http(
    address: str, customers: list[str], seconds: float, features: list[str] | None = None
) -> list[float]:
    """Return how long each of the requests about 500 customers took, in ms, one after another."""

    async def run() -> list[float]:
        random = Random(1)
        async with aiohttp.ClientSession() as session:

            async def ask() -> None:
                body = orjson.dumps({"customers": random.sample(customers, AT_ONCE), "features": features})
                async with session.post(f"{address}/v1/customers/batch", data=body) as answer:
                    assert answer.status == 200, await answer.text()
                    await answer.read()

            return await _closed(ask, 1, seconds)

    return asyncio.run(run())


def from_redis(settings: Settings, customers: list[str], seconds: float) -> list[float]:
    """Return how long it took to read stored profiles from Redis, in ms, eight at any time."""

    async def run() -> list[float]:
        random, redis, keys = Random(1), connect(settings.redis_url), Keys.of(settings)

        async def ask() -> None:
            assert await read_profile(redis, keys, random.choice(customers)) is not None

        took = await _asked(ask, None, seconds)
        await redis.aclose()
        return took

    return asyncio.run(run())


async def _asked(ask: Ask, rate: float | None, seconds: float) -> list[float]:
    return await (_closed(ask, _CONNECTIONS, seconds) if rate is None else _open(ask, rate, seconds))


async def _closed(ask: Ask, connections: int, seconds: float) -> list[float]:
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def one_after_another() -> None:
        while (began := time.perf_counter()) < end:
            await ask()
            took.append(1000 * (time.perf_counter() - began))

    await asyncio.gather(*[one_after_another() for _ in range(connections)])
    return took


async def _open(ask: Ask, rate: float, seconds: float) -> list[float]:
    # Not at once: the requests of the first moments would wait until all tasks are made.
    began = time.perf_counter() + _LEAD_SECONDS

    async def at(due: float) -> float:
        await asyncio.sleep(due - time.perf_counter())
        await ask()
        # From the instant at which it was due: a client that is late would hide how long others wait.
        return 1000 * (time.perf_counter() - due)

    return await asyncio.gather(*[at(began + number / rate) for number in range(int(rate * seconds))])
