"""Rate limits: how many requests a second each token may make, with a second's worth at once."""

import time
from collections.abc import Callable, Iterable
from math import inf

from streams.tokens import Token


class RateLimits:
    """A bucket for each token that has a limit: it holds a second's requests, one at least, and fills steadily."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: dict[Token, tuple[float, float]] = {}

    def wait(self, tokens: Iterable[Token]) -> float:
        """Take a request from the first bucket that has one; returns 0, or the seconds until there is one."""
        seconds = inf
        for token in tokens:
            seconds = min(seconds, self._take(token))
            if not seconds:
                break
        return seconds

    def _take(self, token: Token) -> float:
        if token.per_second is None:
            return 0.0
        now, most = self._now(), max(1.0, token.per_second)
        left, since = self._buckets.get(token, (most, now))
        left = min(most, left + (now - since) * token.per_second)
        if left < 1.0:
            self._buckets[token] = (left, now)
            return (1.0 - left) / token.per_second
        self._buckets[token] = (left - 1.0, now)
        return 0.0
