"""How fast a replay goes: as fast as it can, so many events a second, or so many times faster than life."""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_MAX_EVENTS = 5_000
_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Pace:
    """At most ``rate`` events a second, or ``speed`` seconds of event time in each second; neither: no limit."""

    rate: float | None = None
    speed: float | None = None


class Pacing:
    """Deals out the events of one run by their instants (sorted, ms since 1970)."""

    def __init__(self, pace: Pace, instants: Sequence[int]) -> None:
        self._pace = pace
        self._instants = instants
        self._started = time.monotonic()

    async def deal(self, sent: int) -> tuple[int, int]:
        """Wait until the next events are due; return where they end, and the event time reached with them.

        No event that is dealt out later is older than that time. Half a second may pass without any event.
        """
        if self._pace.speed is not None:
            return await self._at_speed(sent, self._pace.speed)
        most = _MAX_EVENTS
        if self._pace.rate is not None:
            most = max(1, min(_MAX_EVENTS, int(self._pace.rate * _SECONDS)))
            await asyncio.sleep(max(0.0, sent / self._pace.rate - self._elapsed()))
        until = min(sent + most, len(self._instants))
        return until, self._instants[until - 1]

    async def _at_speed(self, sent: int, speed: float) -> tuple[int, int]:
        await asyncio.sleep(max(0.0, min(_SECONDS, self._due(sent, speed) - self._elapsed())))
        reached = self._instants[0] + int(self._elapsed() * 1000 * speed)
        due = bisect_right(self._instants, reached, lo=sent)
        until = min(sent + _MAX_EVENTS, due)
        return until, reached if until == due else self._instants[until - 1]

    def _due(self, sent: int, speed: float) -> float:
        return (self._instants[sent] - self._instants[0]) / 1000 / speed

    def _elapsed(self) -> float:
        return time.monotonic() - self._started
