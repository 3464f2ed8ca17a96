"""The heartbeat: every few seconds a worker tells Redis how it is, for who looks at the whole installation.

Keys, under the prefix of the installation (see ``streams.sinks.redis``):

- ``worker:{instance}``: the document of ``/health`` with ``instance``, ``at`` and ``clock`` (``LIFESTAGE_CLOCK``), as
  JSON; it expires after an hour, so
  that a worker that died is seen as gone for a while, by ``at``. A worker that ends in order takes it away
- ``workers``: a sorted set of the instances by the instant (ms since 1970) at which they were seen last
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
from redis.exceptions import RedisError

from agents.cancellation import raise_if_cancelled
from schemas import instant
from streams.settings import Settings
from streams.sinks.redis import Keys, connect

logger = logging.getLogger(__name__)

SECONDS = 3.0
GONE_SECONDS = 3600
_END_SECONDS = 1.0


class Heartbeat:
    """The heartbeat of a worker, beside the stream and on a connection of its own: a failure here harms nothing.

    ``document`` returns the health. Raises ``ValueError`` for a URL that cannot be used.
    """

    def __init__(self, settings: Settings, document: Callable[[], dict[str, Any]]) -> None:
        self._keys = Keys.of(settings)
        self._redis = connect(settings.redis_url)
        self._document = document
        self._instance = settings.instance or f"{socket.gethostname()}-{os.getpid()}"
        self._clock = settings.clock
        self._is_well = True

    async def run(self) -> None:
        """Tell until cancelled; then take the document away."""
        try:
            while True:
                await self._beat()
                raise_if_cancelled()
                await asyncio.sleep(SECONDS)
        finally:
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(_END_SECONDS):
                    await self._leave()
            await self._redis.aclose()

    async def _beat(self) -> None:
        now = time.time_ns() // 1_000_000
        try:
            named = {"instance": self._instance, "at": instant.to_text(now), "clock": self._clock}
            told = orjson.dumps({**named, **self._document()})
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(self._keys.worker(self._instance), told, ex=GONE_SECONDS)
            pipe.zadd(self._keys.workers, {self._instance: now})
            pipe.zremrangebyscore(self._keys.workers, "-inf", now - GONE_SECONDS * 1000)
            await pipe.execute()
        except Exception as error:  # no failure here may affect the stream
            if self._is_well:
                logger.warning("Redis does not take the heartbeat, and the stream goes on: %s", type(error).__name__)
            self._is_well = False
        else:
            self._is_well = True

    async def _leave(self) -> None:
        pipe = self._redis.pipeline(transaction=False)
        pipe.delete(self._keys.worker(self._instance))
        pipe.zrem(self._keys.workers, self._instance)
        await pipe.execute()
