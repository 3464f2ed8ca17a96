"""The rows of the report over time: days, weeks, months, quarters or years, so that they fit on a screen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from schemas.instant import EPOCH, from_datetime

_MAX_ROWS = 18
_MIN_LAST_PART = 0.05


@dataclass(frozen=True, slots=True)
class Period:
    """A row of the report: its label, and the first instant after it (ms since 1970)."""

    label: str
    end: int


@dataclass(frozen=True, slots=True)
class Periods:
    """Consecutive periods; ``unit`` is ``day``, ``week``, ``month``, ``quarter`` or ``year``."""

    unit: str
    rows: list[Period]


@dataclass(frozen=True, slots=True)
class _Unit:
    name: str
    begin: Callable[[date], date]
    following: Callable[[date], date]
    label: Callable[[date], str]


def periods_between(first: int, last: int) -> Periods:
    """Return the periods from one instant to another (ms since 1970); the last period ends with ``last``, included."""
    for unit in _UNITS:
        bounds = list(_bounds(first, last, unit.begin, unit.following))
        # A sliver at the end (four hours of New Year, say) belongs to the period before it.
        if len(bounds) > 2 and last - bounds[-2][1] < _MIN_LAST_PART * (bounds[-1][1] - bounds[-2][1]):
            del bounds[-1]
        if len(bounds) <= _MAX_ROWS or unit is _UNITS[-1]:
            break
    ends = [end for _, end in bounds[:-1]]
    labels = [unit.label(begins) for begins, _ in bounds]
    return Periods(unit.name, [Period(*row) for row in zip(labels, [*ends, last + 1], strict=True)])


def _bounds(
    first: int, last: int, begin: Callable[[date], date], following: Callable[[date], date]
) -> Iterator[tuple[date, int]]:
    day = begin((EPOCH + timedelta(milliseconds=first)).date())
    while _instant(day) <= last:
        yield day, _instant(following(day))
        day = following(day)


def _instant(day: date) -> int:
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _months_on(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


_UNITS = (
    _Unit("day", lambda day: day, lambda day: day + timedelta(days=1), lambda day: f"{day:%d %b %Y}"),
    _Unit(
        "week",
        lambda day: day - timedelta(days=day.weekday()),
        lambda day: day + timedelta(days=7),
        lambda day: f"{day:%d %b %Y}",
    ),
    _Unit("month", lambda day: day.replace(day=1), lambda day: _months_on(day, 1), lambda day: f"{day:%b %Y}"),
    _Unit(
        "quarter",
        lambda day: date(day.year, day.month - (day.month - 1) % 3, 1),
        lambda day: _months_on(day, 3),
        lambda day: f"Q{(day.month + 2) // 3} {day.year}",
    ),
    _Unit("year", lambda day: date(day.year, 1, 1), lambda day: date(day.year + 1, 1, 1), lambda day: f"{day.year}"),
)
