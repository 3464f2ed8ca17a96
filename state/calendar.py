"""The calendar: the day in which an instant lies in the policy's time zone, and the instant at which a day begins."""

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from schemas import instant

DAY_MS = 86_400_000
LAST_DAY = 84_006  # 2200-01-01, as far as events may reach
_FIRST_DAY = -1  # west of Greenwich, 1970 begins in it


class Calendar:
    """The days of one time zone, numbered from 1970-01-01 = 0.

    ``day_ms`` is the length of a day. Other than 86,400,000 it is for rehearsals, whose days are counted in UTC from
    1970 on, whatever the zone.
    """

    def __init__(self, zone: str = "UTC", day_ms: int = DAY_MS) -> None:
        self.zone = zone
        self.day_ms = day_ms
        self._regular = zone == "UTC" or day_ms != DAY_MS
        # Called several times per event: the number's own method costs a third of one written in Python.
        self.day_of: Callable[[int], int] = day_ms.__rfloordiv__ if self._regular else self._day_in_zone
        """Return the number of the day in which an instant (ms since 1970) lies."""

    def start_of(self, day: int) -> int:
        """Return the first instant of a day; where clocks skip midnight, the first one after the skip."""
        is_listed = not self._regular and _FIRST_DAY <= day <= LAST_DAY
        return self._midnights[day - _FIRST_DAY] if is_listed else day * self.day_ms

    def _day_in_zone(self, at: int) -> int:
        return bisect_right(self._midnights, at) - 1 + _FIRST_DAY

    @cached_property
    def _midnights(self) -> list[int]:
        zone = ZoneInfo(self.zone)
        first = date(1970, 1, 1) + timedelta(days=_FIRST_DAY)
        return [
            instant.from_datetime(
                datetime.combine(first + timedelta(days=day), datetime.min.time(), zone).astimezone(UTC)
            )
            for day in range(LAST_DAY - _FIRST_DAY + 1)
        ]
