"""The civil calendar: the dates of a time zone, in every year from 1 to 9999, however long the policy's days last."""

from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from state.calendar import DAY_MS

_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date.max.toordinal()
_MILLISECOND = 1000


class CivilCalendar:
    """When each date begins in a zone, and the date of an instant. Instants are ms since 1970, also before it.

    The starts of so many dates are ``remembered``.
    """

    def __init__(self, zone: str, remembered: int = 65_536) -> None:
        self._zone = ZoneInfo(zone)
        self._starts: Callable[[int], int] = lru_cache(remembered)(self._start)

    def start_of(self, day: date) -> int:
        """Return the first instant of a date; where clocks skip midnight, the first one after the skip."""
        return self._starts(day.toordinal())

    def end_of(self, day: date) -> int:
        """Return the first instant after a date."""
        return self._starts(day.toordinal() + 1)

    def date_of(self, at: int) -> date:
        """Return the last date that has begun at an instant. Raises ``OverflowError`` outside the years 1 to 9999."""
        near = at // DAY_MS + _EPOCH
        starts = self._starts
        ordinal = near + 1
        while starts(ordinal) > at:
            ordinal -= 1
        if not 1 <= ordinal <= _LAST:
            raise OverflowError(f"{at} lies in no year from 1 to 9999")
        return date.fromordinal(ordinal)

    def _start(self, ordinal: int) -> int:
        if not 1 <= ordinal <= _LAST:  # no date, but what ends the last one and comes before the first
            last = min(max(ordinal, 1), _LAST)
            return self._starts(last) + (ordinal - last) * DAY_MS
        # Of a midnight that clocks show twice this is the first; of one that they skip, the offset before the skip.
        offset = datetime.combine(date.fromordinal(ordinal), time.min, self._zone).utcoffset()
        assert offset is not None
        return (ordinal - _EPOCH) * DAY_MS - int(offset.total_seconds() * _MILLISECOND)
