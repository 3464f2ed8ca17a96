"""Laws: daily counts agree with a plain list of the counted days, also after they were stored."""

from hypothesis import given
from hypothesis import strategies as st

from state.customer.daily_counts import Daily, no_counts, unpack_daily

DAYS = st.one_of(st.integers(0, 20), st.integers(0, 2_000))
counted = st.lists(st.tuples(DAYS, st.integers(0, 4), st.sampled_from((1, 3, 200, 70_000))), max_size=30)


def counts(entries: list[tuple[int, int, int]]) -> Daily:
    daily = no_counts()
    for day, column, amount in entries:
        daily.add(day, column, amount)
    return daily


def total(entries: list[tuple[int, int, int]], column: int, since: int) -> int:
    return sum(amount for day, of, amount in entries if of == column and day >= since)


@given(counted, st.integers(0, 2_001), st.integers(0, 2_001))
def test_a_total_is_the_sum_of_what_was_counted(entries, forgotten, since):
    daily = counts(entries)
    assert [daily.total(column, since) for column in range(5)] == [total(entries, it, since) for it in range(5)]
    daily.drop_before(forgotten)
    assert daily.days == sorted({day for day, _, _ in entries if day >= forgotten})
    since = max(since, forgotten)
    assert [daily.total(column, since) for column in range(5)] == [total(entries, it, since) for it in range(5)]


@given(counted)
def test_what_is_stored_comes_back_and_counts_on(entries):
    daily = counts(entries)
    again = unpack_daily(daily.packed())
    assert again == daily
    again.add(7, 0)
    assert again.total(0, 0) == total(entries, 0, 0) + 1
