"""How late the stream is, for who may not wait for Redis to ask."""

import asyncio
from typing import NoReturn

from streams.serve.problems import ProblemError
from streams.serve.stored_workers import StoredWorkers

_EVERY_SECONDS = 1.0


class StreamUpto:
    """The latest instant that the workers have told, as of a second ago. ``workers`` is None without Redis."""

    def __init__(self, workers: StoredWorkers | None) -> None:
        self._workers = workers
        self._upto: int | None = None

    def __call__(self) -> int | None:
        """Return it (ms since 1970); None if no worker has told one."""
        return self._upto

    async def look(self) -> None:
        """Ask the workers."""
        if self._workers is None:
            return
        try:
            upto = await self._workers.upto()
        except ProblemError:
            return  # Redis is away, and who asks for something is told so
        if upto is not None:
            self._upto = upto

    async def run(self) -> NoReturn:
        """Ask them again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY_SECONDS)
