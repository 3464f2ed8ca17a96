"""Instants in milliseconds and the days of a policy's time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

HOUR = 3_600_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_ORDINAL = EPOCH.toordinal()
WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):?(\d\d))", flags=re.ASCII)


def read_instant(text: str) -> int | None:
    """The instant in ms, cut off; None where the text names none between 1970 and 2199."""
    match = WRITTEN.fullmatch(text)
    if not match:
        return None
    day, clock, fraction, sign, hours, minutes = match.groups()
    offset = timedelta(0)
    if sign:
        if int(hours) > 23 or int(minutes) > 59:
            return None
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=timezone(offset))
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not 1970 <= moment.year <= 2199:
        return None
    return (moment - EPOCH) // timedelta(milliseconds=1) + int((fraction or "0")[:3].ljust(3, "0"))


def read_day(text: str) -> int | None:
    """The number of the day in UTC; None where the calendar has no such day."""
    try:
        return datetime.fromisoformat(text).toordinal() - FIRST_ORDINAL
    except ValueError:
        return None


def write_instant(at: int) -> str:
    moment = EPOCH + timedelta(milliseconds=at)
    return moment.replace(tzinfo=None).isoformat("T", "milliseconds") + "Z"


def write_date(day: int) -> str:
    return date.fromordinal(day + FIRST_ORDINAL).isoformat()


@lru_cache(1 << 17)
def day_shown(at: int, clock: ZoneInfo) -> int:
    """The day that the clocks of a zone show, counted from 1970-01-01."""
    return (EPOCH + timedelta(milliseconds=at)).astimezone(clock).toordinal() - FIRST_ORDINAL


def shows(day: int, hour: int, clock: ZoneInfo) -> bool:
    """Whether the clocks may show a day, or a later one, within an hour: they do at its end, or are changed in it."""
    begin, end = ((EPOCH + timedelta(milliseconds=at)).astimezone(clock) for at in (hour, hour + HOUR))
    return begin.utcoffset() != end.utcoffset() or end.toordinal() - FIRST_ORDINAL >= day


@cache
def day_start(day: int, clock: ZoneInfo) -> int:
    """The first instant at which the clocks of a zone show a day, or a later one."""
    # Clocks that go back show the old day again: the first quarter of a minute in the day decides.
    middle = day * 24 * HOUR
    hours = range(middle - 30 * HOUR, middle + 30 * HOUR, HOUR)
    quarters = (at for hour in hours if shows(day, hour, clock) for at in range(hour, hour + HOUR, HOUR // 240))
    high = next(at for at in quarters if day_shown(at, clock) >= day)
    low = high - HOUR // 240
    while high - low > 1:
        between = (low + high) // 2
        low, high = (low, between) if day_shown(between, clock) >= day else (between, high)
    return high


@dataclass
class Calendar:
    """Which day an instant lies in, and when a day begins."""

    zone: str
    day_seconds: int

    def __post_init__(self) -> None:
        self.day_ms = self.day_seconds * 1000
        self.rehearsal = self.day_seconds != 86400
        self.clock = ZoneInfo(self.zone)

    def day(self, at: int) -> int:
        """The last day that has begun: what clocks show a second time belongs to the new day."""
        if self.rehearsal:
            return at // self.day_ms
        shown = self.shown(at)
        return next(day for day in (shown + 2, shown + 1, shown) if day == shown or self.start(day) <= at)

    def shown(self, at: int) -> int:
        """The day that the clocks show."""
        return day_shown(at, self.clock)

    def hour(self, at: int) -> int:
        """The hour that the clocks show."""
        return (EPOCH + timedelta(milliseconds=at)).astimezone(self.clock).hour

    def start(self, day: int) -> int:
        """The first instant at which the clocks show the day, or a later one if they skip it."""
        if self.rehearsal:
            return day * self.day_ms
        return day_start(day, self.clock)

    def span(self, days: float) -> int:
        """A duration in days, in ms, cut off."""
        return int(days * self.day_ms)
