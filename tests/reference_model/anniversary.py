"""Dates that are traits, and their anniversaries. Days are numbers."""

from datetime import date

from tests.reference_model.calendar import FIRST_ORDINAL, Calendar, read_day
from tests.reference_model.timestamps import dated


def number(day: date) -> int:
    return day.toordinal() - FIRST_ORDINAL


def end_of_tag(until: str, civil: Calendar) -> int:
    """The instant at which a tag has expired."""
    if len(until) > len("2017-12-31"):
        return dated(until) // 1000
    day = read_day(until)
    assert day is not None
    if until[:4] in ("0001", "9999"):  # before or after everything else, in any zone
        return (day + 1) * 86_400_000
    return civil.start(day + 1)


class Dated:
    """A trait that is a date or an instant, as it is remembered."""

    def __init__(self, text: str, civil: Calendar) -> None:
        self.civil = civil
        if len(text) == len("2017-12-31"):
            day = read_day(text)
            assert day is not None
            self.began = civil.start(day)
        else:
            self.began = dated(text) // 1000
            day = civil.day(self.began)
        self.day = date.fromordinal(day + FIRST_ORDINAL)

    def anniversary(self, year: int) -> int:
        try:
            return number(date(year, self.day.month, self.day.day))
        except ValueError:  # 29 February
            return number(date(year, 3, 1))

    def age(self, today: int) -> int:
        year = date.fromordinal(today + FIRST_ORDINAL).year
        return year - self.day.year - (1 if today < self.anniversary(year) else 0)

    def days_ahead(self, today: int) -> int:
        year = date.fromordinal(today + FIRST_ORDINAL).year
        return min(ahead for it in (year, year + 1) if (ahead := self.anniversary(it) - today) >= 0)

    def birthdays(self, first: int, last: int) -> list[int]:
        """The instants at which an anniversary begins, of days from one to another."""
        years = range(*(date.fromordinal(it + FIRST_ORDINAL).year + add for it, add in ((first, 0), (last, 1))))
        return [self.civil.start(day) for day in map(self.anniversary, years) if first <= day <= last]
