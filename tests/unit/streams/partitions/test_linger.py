"""The linger: what waits, and for how long at most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.partitions.linger import AT_ONCE_A_SECOND, ENOUGH_A_SECOND, ENOUGH_RECORDS, Linger
from streams.settings import Settings


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def busy(settings: Settings) -> tuple[Linger, Clock]:
    """Return a linger of a worker that has begun many transactions in this second."""
    clock = Clock()
    linger = Linger(settings, clock)
    for _ in range(AT_ONCE_A_SECOND):
        linger.begun(0, 0)
    return linger, clock


def test_a_lone_event_does_not_wait() -> None:
    clock = Clock()
    linger = Linger(Settings(), clock)
    for _ in range(5 * AT_ONCE_A_SECOND):
        clock.now += 1.01 / (AT_ONCE_A_SECOND - 1)
        assert linger.left(0, 1, 4) == 0
        assert linger.between_fetches(4) == 0
        linger.begun(0, 1)


@given(
    st.floats(0.01, 5),
    st.integers(1, 300),
    st.lists(st.tuples(st.floats(0, 0.3), st.integers(0, ENOUGH_RECORDS - 1)), max_size=40),
)
def test_no_record_waits_longer_than_the_linger(longest: float, groups: int, looks: list[tuple[float, int]]) -> None:
    linger, clock = busy(Settings(linger=longest))
    since: float | None = None
    for pause, records in looks:
        clock.now += pause
        if since is None and records:
            since = clock.now
        if records and not linger.left(1, records, groups):
            linger.begun(1, 1)
            since = None
        elif records:
            assert since is not None
            assert clock.now + linger.left(1, records, groups) <= since + longest + 1e-9
        elif since is not None:
            linger.begun(1, 1)  # the group was opened again
            since = None


def test_a_group_waits_until_its_time_is_over_and_then_anew() -> None:
    linger, clock = busy(Settings())
    wait = linger.left(1, 1, 4)
    assert wait > 0
    clock.now += wait / 2
    assert linger.left(1, 3, 4) == pytest.approx(wait / 2)
    clock.now += wait / 2 + 1e-9
    assert linger.left(1, 3, 4) == 0
    linger.begun(1, 1)
    assert linger.left(1, 1, 4) == pytest.approx(wait)


def test_the_wait_grows_with_the_groups_and_has_an_end() -> None:
    linger, _ = busy(Settings(linger=0.4))
    assert 0 < linger.left(1, 1, 1) < linger.left(2, 1, 4) < linger.left(3, 1, 64) == 0.4 == linger.left(4, 1, 1000)


def test_who_has_enough_records_or_none_does_not_wait() -> None:
    linger, _ = busy(Settings())
    assert linger.left(1, ENOUGH_RECORDS, 4) == 0
    assert linger.left(1, 0, 4) == 0


@pytest.mark.parametrize("settings", [Settings(clock="stream"), Settings(linger=0.0)])
def test_a_replay_never_waits_and_nobody_does_without_a_linger(settings: Settings) -> None:
    linger, _ = busy(settings)
    assert linger.left(1, 1, 4) == 0
    assert linger.between_fetches(4) == 0


@pytest.mark.parametrize(("share", "waits"), [(0.9, True), (1.1, False)])
@pytest.mark.parametrize("groups", [1, 4, 64])
def test_nobody_waits_where_each_group_gets_enough_in_a_second(groups: int, share: float, waits: bool) -> None:
    clock = Clock()
    linger = Linger(Settings(), clock)
    for _ in range(2 * AT_ONCE_A_SECOND):
        clock.now += 0.05
        linger.begun(0, round(share * ENOUGH_A_SECOND * groups * 0.05))
    assert bool(linger.left(1, 1, groups)) is waits
    assert bool(linger.between_fetches(groups)) is waits
