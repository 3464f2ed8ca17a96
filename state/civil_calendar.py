"""The civil calendar: the dates of a time zone, in every year from 1 to 9999, however long the policy's days last."""

from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from state.calendar import DAY_MS

_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date.max.toordinal()
_MILLISECOND = 1000
_REMEMBERED = 65_536


class CivilCalendar:
    """When each date begins in a zone, and the date of an instant. Instants are ms since 1970, also before it."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self.start_of: Callable[[date], int] = lru_cache(_REMEMBERED)(self._start_of)
        """Return the first instant of a date; where clocks skip midnight, the first one after the skip."""

    def date_of(self, at: int) -> date:
        """Return the last date that has begun at an instant. Raises ``OverflowError`` outside the years 1 to 9999."""
        near = at // DAY_MS + _EPOCH
        if near <= _LAST:
            for ordinal in (min(near + 1, _LAST), near, near - 1):
                if ordinal > 0 and self.start_of(day := date.fromordinal(ordinal)) <= at:
                    if day == date.max and at >= self.start_of(day) + DAY_MS:
                        break
                    return day
        raise OverflowError(f"{at} lies in no year from 1 to 9999")

    def _start_of(self, day: date) -> int:
        # Of a midnight that clocks show twice this is the first; of one that they skip, the offset before the skip.
        offset = datetime.combine(day, time.min, self._zone).utcoffset()
        assert offset is not None
        return (day.toordinal() - _EPOCH) * DAY_MS - int(offset.total_seconds() * _MILLISECOND)
