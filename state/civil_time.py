"""Civil time: the hour and the weekday that clocks in a time zone show at an instant."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from state.civil_calendar import CivilCalendar

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CivilTime:
    """The civil time of one zone, of which so many minutes are ``remembered``. Instants are ms since 1970."""

    def __init__(self, zone: str, remembered: int) -> None:
        self._zone = ZoneInfo(zone)
        self._calendar = CivilCalendar(zone, remembered)
        # Clocks change at whole minutes, so that all instants of one minute have the same hour and weekday.
        self._of_minute = lru_cache(remembered)(self._read)

    def moment(self, at: int) -> dict[str, int | str]:
        """Return the hour, 0 to 23, that clocks show, and the weekday of the date."""
        return self._of_minute(at // 60_000)

    def _read(self, minute: int) -> dict[str, int | str]:
        shown = (_EPOCH + timedelta(minutes=minute)).astimezone(self._zone)
        return {"hour": shown.hour, "weekday": WEEKDAYS[self._calendar.date_of(minute * 60_000).weekday()]}
