"""The clocks of the workers, compared with the server's own: a mixture would bring today into a replay of the past."""

import logging
import time
from collections.abc import Callable

from schemas import instant
from streams.serve.problems import ProblemError
from streams.serve.stored_workers import StoredWorkers

logger = logging.getLogger(__name__)

_SEEN_MS = 15_000
"""Whose heartbeat is older has died, or is of a run before this one."""
_ASK_AGAIN_SECONDS = 3.0


class WorkerClocks:
    """What live workers say of their ``LIFESTAGE_CLOCK``; ``own`` is the server's. Without Redis nobody tells."""

    def __init__(self, workers: StoredWorkers | None, own: str, now: Callable[[], int]) -> None:
        self._workers = workers
        self._own = own
        self._now = now
        self._difference = ""
        self._asked = float("-inf")

    async def difference(self) -> str:
        """Return how a live worker's clock differs from the server's, in words; as of a few seconds ago."""
        if self._workers is None or time.monotonic() - self._asked < _ASK_AGAIN_SECONDS:
            return self._difference
        self._asked = time.monotonic()
        try:
            found = await self._found(self._workers)
        except ProblemError:
            return self._difference  # Redis is away: events are taken without it
        if found and found != self._difference:
            logger.error("no events are taken: %s", found)
        self._difference = found
        return found

    async def _found(self, workers: StoredWorkers) -> str:
        latest = self._now() - _SEEN_MS
        for it in await workers.all():
            clock = it.get("clock", self._own)
            if clock != self._own and instant.from_text(it["at"]) >= latest:
                return (
                    f"LIFESTAGE_CLOCK is {self._own} here and {clock} at the worker {it['instance']}: time would be "
                    "another one with the first event; set it alike on all workers and servers"
                )
        return ""
