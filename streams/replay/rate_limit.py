"""The speed of a replay: unlimited, so many events a second, or so many times faster than real time."""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_MAX_EVENTS = 5_000
_MAX_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``rate`` events a second, or ``speed`` seconds of event time in each second; neither: no limit."""

    rate: float | None = None
    speed: float | None = None


class RateLimiter:
    """Releases the events of one replay, given by their instants (sorted, ms since 1970), in portions."""

    def __init__(self, limit: RateLimit, instants: Sequence[int]) -> None:
        self._limit = limit
        self._instants = instants
        self._started = time.monotonic()

    async def next_portion(self, sent: int) -> tuple[int, int]:
        """Wait until events are due; return the index after the last of them, and the event time reached.

        No event of a later portion is older than that time. At a ``speed``, a portion is empty after half a second
        without a due event.
        """
        if self._limit.speed is not None:
            return await self._at_speed(sent, self._limit.speed)
        portion = _MAX_EVENTS
        if self._limit.rate is not None:
            portion = max(1, min(_MAX_EVENTS, int(self._limit.rate * _MAX_WAIT_SECONDS)))
            await asyncio.sleep(max(0.0, sent / self._limit.rate - self._elapsed()))
        end = min(sent + portion, len(self._instants))
        return end, self._instants[end - 1]

    async def _at_speed(self, sent: int, speed: float) -> tuple[int, int]:
        await asyncio.sleep(max(0.0, min(_MAX_WAIT_SECONDS, self._due(sent, speed) - self._elapsed())))
        reached = self._instants[0] + int(self._elapsed() * 1000 * speed)
        due = bisect_right(self._instants, reached, lo=sent)
        end = min(sent + _MAX_EVENTS, due)
        return end, reached if end == due else self._instants[end - 1]

    def _due(self, sent: int, speed: float) -> float:
        return (self._instants[sent] - self._instants[0]) / 1000 / speed

    def _elapsed(self) -> float:
        return time.monotonic() - self._started
