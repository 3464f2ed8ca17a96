"""Anniversaries: the yearly returns of a date, and the instants at which they change what is counted by them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from state.civil_calendar import CivilCalendar

_DAY = timedelta(days=1)


class Anniversaries:
    """The anniversaries of dates in the time zone of a calendar. Instants are ms since 1970."""

    def __init__(self, calendar: CivilCalendar) -> None:
        self._calendar = calendar

    def years(self, day: date, at: int) -> int:
        """Return how many years of a date are completed; below 0 before the date."""
        today = self._calendar.date_of(at)
        return today.year - day.year - ((today.month, today.day) < (day.month, day.day))

    def days_ahead(self, day: date, at: int) -> int:
        """Return how many days the next anniversary is ahead; 0 on the day."""
        today = self._calendar.date_of(at)
        this = _anniversary(day, today.year)
        return ((this if today <= this else _anniversary(day, today.year + 1)) - today).days

    def begins(self, day: date, after: int, until: int) -> Sequence[int]:
        """Return the instants in (after, until] at which an anniversary begins."""
        return self._starts([it for it, _ in self._around(day, after, until)], after, until)

    def ends(self, day: date, after: int, until: int) -> Sequence[int]:
        """Return the instants in (after, until] at which the day after an anniversary begins."""
        return self._starts([end for _, end in self._around(day, after, until)], after, until)

    def midnights(self, after: int, until: int) -> Sequence[int]:
        """Return the instants in (after, until] at which a day begins."""
        first, last = (self._calendar.date_of(at).toordinal() for at in (after, until))
        return _Midnights(self._calendar, range(first + 1, last + 1))

    def _around(self, day: date, after: int, until: int) -> list[tuple[date, date]]:
        """Return the anniversaries of the years of a span and of the one before, each with the day after it."""
        first, last = (self._calendar.date_of(at).year for at in (after, until))
        days = [_anniversary(day, year) for year in range(first - 1, last + 1)]
        return [(it, it + _DAY) for it in days]

    def _starts(self, days: list[date], after: int, until: int) -> Sequence[int]:
        return [at for at in map(self._calendar.start_of, days) if after < at <= until]


class _Midnights(Sequence[int]):
    """The first instants of days, each computed when it is asked for: a search looks at few of them."""

    def __init__(self, calendar: CivilCalendar, days: Sequence[int]) -> None:
        self._calendar = calendar
        self._days = days

    def __len__(self) -> int:
        return len(self._days)

    def __getitem__(self, place: Any) -> Any:
        return self._calendar.start_of(date.fromordinal(self._days[place]))


def _anniversary(day: date, year: int) -> date:
    """Return the anniversary of a date in a year. That of 29 February is 1 March where the year has no such day.

    A year of life is completed with the end of its last day, 28 February, as most laws count (BGB, section 188).
    """
    is_skipped = day.month == 2 and day.day == 29 and not _is_leap(year)
    return date(year, 3, 1) if is_skipped else day.replace(year=year)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
