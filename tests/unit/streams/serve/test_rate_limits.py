"""A token never makes more requests than its limit allows, and is never refused while it keeps to it."""

from hypothesis import given
from hypothesis import strategies as st

from streams.serve.rate_limits import RateLimits
from streams.tokens import Token

RATES = st.floats(0.1, 50)
PAUSES = st.lists(st.floats(0, 3), max_size=200)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(RATES, PAUSES)
def test_no_span_of_time_has_more_than_a_second_at_once_and_the_rate_after(rate: float, pauses: list[float]) -> None:
    clock = Clock()
    limits = RateLimits(clock)
    token = Token("read", b"secret", rate)
    answered = []
    for pause in pauses:
        clock.now += pause
        if not limits.wait([token]):
            answered.append(clock.now)
    for first, begun in enumerate(answered):
        for more, ended in enumerate(answered[first:], start=1):
            assert more <= max(1.0, rate) + (ended - begun) * rate + 1e-6


@given(RATES, PAUSES)
def test_who_waits_as_told_is_answered(rate: float, pauses: list[float]) -> None:
    clock = Clock()
    limits = RateLimits(clock)
    token = Token("read", b"secret", rate)
    for pause in pauses:
        clock.now += pause
        wait = limits.wait([token])
        if wait:
            assert wait <= 1 / rate + 1e-6
            clock.now += wait + 1e-6
            assert not limits.wait([token])


def test_each_token_has_its_own_limit_and_one_without_has_none() -> None:
    limits = RateLimits(Clock())
    one, other, free = Token("read", b"a", 1.0), Token("read", b"b", 1.0), Token("read", b"c", None)
    assert [limits.wait([one]), limits.wait([other])] == [0, 0]
    assert limits.wait([one]) > 0
    assert not any(limits.wait([free]) for _ in range(1000))
