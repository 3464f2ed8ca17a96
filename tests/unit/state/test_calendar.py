"""Days of a time zone: each begins where the one before ends, on both sides of Greenwich."""

import pytest

from state.calendar import LAST_DAY, Calendar


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Apia", "Asia/Tokyo"])
@pytest.mark.parametrize("day", [-1, 0, 1, 20_000, LAST_DAY, LAST_DAY + 1])
def test_a_day_begins_at_its_first_instant(zone: str, day: int) -> None:
    calendar = Calendar(zone)
    start = calendar.start_of(day)
    assert start < calendar.start_of(day + 1)
    if -1 <= day <= LAST_DAY:
        assert calendar.day_of(start) == day


def test_west_of_greenwich_1970_begins_in_the_day_before() -> None:
    calendar = Calendar("America/New_York")
    assert calendar.day_of(0) == -1
    assert calendar.start_of(-1) == -19 * 3_600_000
