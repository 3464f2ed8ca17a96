"""The pace of a replay, by a clock that only moves while somebody sleeps."""

from types import SimpleNamespace

import pytest

from streams.replay import rate_limit
from streams.replay.rate_limit import RateLimit, RateLimiter


class FakeClock:
    def __init__(self) -> None:
        self.now = 100.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(rate_limit, "asyncio", SimpleNamespace(sleep=clock.sleep))
    return clock


async def test_a_rate_is_kept(clock: FakeClock) -> None:
    limiter = RateLimiter(RateLimit(rate=1_000), list(range(600)))
    assert await limiter.next_portion(0) == (500, 499)
    assert clock.now == pytest.approx(100.0)
    assert await limiter.next_portion(500) == (600, 599)
    assert clock.now == pytest.approx(100.5)


async def test_at_a_speed_time_passes_between_events(clock: FakeClock) -> None:
    limiter = RateLimiter(RateLimit(speed=100), [0, 25_000, 200_000])
    assert await limiter.next_portion(0) == (1, 0)
    assert await limiter.next_portion(1) == (2, 25_000)
    assert clock.now == 100.25
    assert await limiter.next_portion(2) == (2, 75_000)
    clock.now = 110.0
    assert await limiter.next_portion(2) == (3, 1_000_000)
