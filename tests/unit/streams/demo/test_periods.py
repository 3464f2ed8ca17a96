"""The periods of the report: few enough for a screen, without a gap, and labelled by their calendar."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.instant import EPOCH, from_text
from streams.demo.periods import periods_between
from tests.unit.streams.demo.published import DAY, START


def test_periods_fit_on_a_screen_and_end_with_the_data() -> None:
    year = periods_between(START, from_text("2018-01-01T04:01:20Z"))
    assert (year.unit, len(year.rows), year.rows[0].label, year.rows[-1].label) == ("month", 12, "Jan 2017", "Dec 2017")
    assert year.rows[0].end == from_text("2017-02-01")
    assert year.rows[-1].end == from_text("2018-01-01T04:01:20.001Z")
    for days, unit in ((0, "day"), (17, "day"), (100, "week"), (540, "month"), (1500, "quarter"), (20_000, "year")):
        found = periods_between(START + 5, START + 5 + days * DAY)
        assert found.unit == unit
        assert found.rows[-1].end == START + 6 + days * DAY
        assert [row.end for row in found.rows] == sorted({row.end for row in found.rows})


@given(st.integers(0, 3000 * DAY), st.integers(0, 40 * 365 * DAY))
def test_every_instant_lies_in_one_period(first: int, duration: int) -> None:
    found = periods_between(first, first + duration)
    ends = [row.end for row in found.rows]
    assert ends == sorted(set(ends))
    assert ends[0] > first
    assert ends[-1] == first + duration + 1
    assert len(found.rows) <= 18 or found.unit == "year"
    assert len({row.label for row in found.rows}) == len(found.rows)


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2017-03-04T10:00:00Z", "2017-03-05T10:00:00Z", ["04 Mar 2017", "05 Mar 2017"]),
        ("2017-11-20", "2018-03-10", ["20 Nov 2017", "27 Nov 2017"]),
        ("2016-12-31", "2018-01-31", ["Dec 2016", "Jan 2017"]),
        ("2016-02-29", "2019-12-31", ["Q1 2016", "Q2 2016"]),
        ("2000-02-29", "2019-12-31", ["2000", "2001"]),
    ],
)
def test_a_label_names_the_day_week_month_quarter_or_year(first: str, last: str, labels: list[str]) -> None:
    assert [row.label for row in periods_between(from_text(first), from_text(last)).rows][:2] == labels


@pytest.mark.parametrize(("hours", "last_label"), [(30, "Dec 2017"), (48, "Jan 2018")])
def test_a_sliver_at_the_end_belongs_to_the_period_before_it(hours: int, last_label: str) -> None:
    last = from_text("2018-01-01") + hours * 3_600_000
    rows = periods_between(START, last).rows
    assert (rows[-1].label, rows[-1].end) == (last_label, last + 1)
    assert datetime.fromtimestamp(rows[0].end / 1000, UTC) == EPOCH.replace(year=2017, month=2)
