"""The stored workers: what each worker has told Redis of itself."""

from typing import Any

import orjson

from schemas import instant
from streams.serve.redis_reader import RedisReader


class StoredWorkers:
    """The workers of one installation that were seen within the last hour."""

    def __init__(self, reader: RedisReader) -> None:
        self._reader = reader

    async def all(self) -> list[dict[str, Any]]:
        """Return the documents of the workers, by name. Raises ``ProblemError`` while Redis does not answer."""
        redis, keys = self._reader.redis, self._reader.keys
        names = sorted(it.decode() for it in await self._reader.answer(redis.zrange(keys.workers, 0, -1)))
        if not names:
            return []
        found = await self._reader.answer(redis.mget([keys.worker(it) for it in names]))
        return [orjson.loads(it) for it in found if it is not None]

    async def upto(self) -> int | None:
        """Return the latest instant (ms since 1970) to which a partition group has come; None if none has told one."""
        groups = [group for worker in await self.all() for group in worker["partitions"].values()]
        return max((instant.from_text(it["upto"]) for it in groups if it["upto"] is not None), default=None)
