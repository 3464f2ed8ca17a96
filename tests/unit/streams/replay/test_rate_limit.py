"""The speed limit of a replay."""

import asyncio

from streams.replay.rate_limit import RateLimit, RateLimiter


async def test_a_rate_is_kept() -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    limiter = RateLimiter(RateLimit(rate=1_000), list(range(600)))
    sent = 0
    while sent < 600:
        sent, reached = await limiter.next_portion(sent)
        assert reached == sent - 1
    assert loop.time() - started >= 0.4


async def test_at_a_speed_time_passes_between_events() -> None:
    limiter = RateLimiter(RateLimit(speed=100), [0, 30_000, 200_000])
    sent, reached = await limiter.next_portion(0)
    assert (sent, 0 <= reached < 30_000) == (1, True)
    sent, reached = await limiter.next_portion(1)
    assert (sent, 30_000 <= reached < 200_000) == (2, True)
    sent, reached = await limiter.next_portion(2)
    assert (sent, reached < 200_000) == (2, True)
