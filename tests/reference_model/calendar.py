"""Instants in milliseconds and the days of a policy's time zone."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

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
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z"


@dataclass
class Calendar:
    """Which day an instant lies in, and when a day begins."""

    zone: str
    day_seconds: int
    starts: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.day_ms = self.day_seconds * 1000
        self.rehearsal = self.day_seconds != 86400
        self.clock = ZoneInfo(self.zone)

    def day(self, at: int) -> int:
        if self.rehearsal:
            return at // self.day_ms
        return (EPOCH + timedelta(milliseconds=at)).astimezone(self.clock).toordinal() - FIRST_ORDINAL

    def start(self, day: int) -> int:
        """The first instant of the day, or of the next one where the clocks skip it."""
        if day not in self.starts:
            low, high = (day - 2) * self.day_ms, (day + 2) * self.day_ms
            while low < high:
                middle = (low + high) // 2
                if self.day(middle) >= day:
                    high = middle
                else:
                    low = middle + 1
            self.starts[day] = low
        return self.starts[day]

    def span(self, days: float) -> int:
        """A duration in days, in ms, cut off."""
        return int(days * self.day_ms)
