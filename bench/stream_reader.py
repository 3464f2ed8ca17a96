"""A reader of the stream of transitions of a server, and their delay after the cause."""

import asyncio
import time
from collections.abc import Callable

import aiohttp

from bench.transitions_reader import Readings
from tests.support.event_stream import Parser

_QUIET_SECONDS = 4.0


async def hear(address: str, load_is_over: Callable[[], bool], ready: asyncio.Event) -> Readings:
    """Listen from now on, until the load is over and nothing has come for a while.

    ``ready`` is set when none can be missed any more.
    """
    readings, parser = Readings(), Parser()
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(f"{address}/v1/transitions", raise_for_status=True) as answer,
    ):
        ready.set()
        heard = time.monotonic()
        while not load_is_over() or time.monotonic() - heard < _QUIET_SECONDS:
            try:
                async with asyncio.timeout(_QUIET_SECONDS):
                    data = await answer.content.readany()
            except TimeoutError:
                continue
            now = time.time_ns() // 1_000_000
            for event in parser.feed(data):
                readings.take(event.data, now)
                heard = time.monotonic()
    return readings
