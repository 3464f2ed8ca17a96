"""Stored dates: what the texts mean, in one time zone, that dates and instants are remembered as."""

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache

from schemas import instant
from state.civil_calendar import CivilCalendar
from state.features.anniversaries import Anniversaries

_BARE_DATE = len("2017-12-31")


class StoredDates:
    """The meaning of stored texts by the dates of a zone; None for anything else. Instants are ms since 1970.

    So many texts of each sort are ``remembered``.
    """

    def __init__(self, zone: str, remembered: int) -> None:
        calendar = CivilCalendar(zone, remembered)
        self.anniversaries = Anniversaries(calendar)
        self._calendar = calendar
        self.instant_of: Callable[[object], int | None] = lru_cache(remembered)(self._instant_of)
        """Return the instant, or the first one of a date."""
        self.date_of: Callable[[object], date | None] = lru_cache(remembered)(self._date_of)
        """Return the date, or that of an instant."""
        self.end_of: Callable[[object], int | None] = lru_cache(remembered)(self._end_of)
        """Return the instant, or the first one after a date."""

    def _instant_of(self, stored: object) -> int | None:
        if not isinstance(stored, str):
            return None
        try:
            if len(stored) == _BARE_DATE:
                return self._calendar.start_of(date.fromisoformat(stored))
            return instant.from_datetime(datetime.fromisoformat(stored))
        except (ValueError, TypeError):
            return None

    def _date_of(self, stored: object) -> date | None:
        if isinstance(stored, str) and len(stored) == _BARE_DATE and self.instant_of(stored) is not None:
            return date.fromisoformat(stored)  # and not that of its first instant: clocks may skip a whole day
        try:
            at = self.instant_of(stored)
            return None if at is None else self._calendar.date_of(at)
        except OverflowError:
            return None

    def _end_of(self, stored: object) -> int | None:
        if isinstance(stored, str) and len(stored) == _BARE_DATE and self.instant_of(stored) is not None:
            return self._calendar.end_of(date.fromisoformat(stored))
        return self.instant_of(stored)
