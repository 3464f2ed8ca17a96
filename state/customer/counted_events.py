"""Counted events: which events of one name conditions count, and what each of them gives."""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from schemas.event_properties import MAX_NUMBER, number_in
from schemas.events import Trait
from state.customer.distinct_values import Held, hashes_of
from state.customer.greatest import Standing
from state.slots import Slots

MILLION = 1_000_000
_EXACT = 10**6

Numbers = dict[str, int]
"""The numbers of one event that are added up, in millionths, by property."""


class Given(msgspec.Struct, array_like=True, gc=False):
    """What an event that can be undone gave: numbers that are added up, and whether it was counted on its day.

    ``compared`` are the numbers of which the greatest is wanted, ``values`` the hashes of those that are counted.
    """

    numbers: Numbers
    by_day: bool
    compared: Numbers = {}
    values: dict[str, list[int]] = {}


class CountedEvents(NamedTuple):
    """The events of one name that conditions count, or those of them whose properties a filter ``accepts``.

    ``key`` is what identifies them in the activity (see ``occurrences_key``), ``window_days`` the days of the longest
    window (0: none). ``numbers`` are the properties that are added up. ``greatest`` are those of which the greatest
    number is wanted; of one with a minus sign before it, the greatest of the opposites. ``distinct`` are those whose
    values are counted, and of these, ``ever`` those that count beyond all windows. With ``slots``, one of
    these is what a day is to others.
    """

    key: int
    window_days: int = 0
    accepts: Callable[[Mapping[str, Trait]], bool] | None = None
    numbers: tuple[str, ...] = ()
    greatest: tuple[str, ...] = ()
    distinct: tuple[str, ...] = ()
    ever: frozenset[str] = frozenset()
    slots: Slots | None = None

    def day_of(self, at: int, day: int) -> int:
        """Return the day by which an event is counted, which is its slot where there are slots."""
        return day if self.slots is None else self.slots.of(at)

    def first_day(self, day: int) -> int:
        """Return the first day of the longest window that ends on a day; the day after it if there is no window."""
        return day - self.window_days + 1

    def takes(self, properties: Mapping[str, Trait]) -> bool:
        """Tell whether an event with these properties is one of them."""
        return self.accepts is None or self.accepts(properties)

    def given_by(self, properties: Mapping[str, Trait]) -> Given:
        """Return what an event with these properties gives."""
        given = Given(_numbers(self.numbers, properties), False)
        if self.greatest:
            given.compared = _numbers(self.greatest, properties)
        if self.distinct:
            read = ((name, hashes_of(properties.get(name))) for name in self.distinct)
            given.values = {name: values for name, values in read if values}
        return given


class Undoable(NamedTuple):
    """An event that can be undone: its instant, its day, and what it gave."""

    at: int
    day: int
    given: Given

    def standing(self, name: str) -> Standing:
        """Return its number of a property."""
        return Standing(self.given.compared[name], self.day, self.given.by_day)

    def held(self, name: str) -> Held:
        """Return its values of a property."""
        return Held(self.given.values[name], self.day, self.given.by_day)


def occurrences_key(event: str, where: str = "", slots: Slots | None = None) -> int:
    """Return the key of the events of one name that a filter accepts: 64 bits of BLAKE2b, since a key is only compared.

    ``event`` is what the spellings of the name share, ``where`` the text of the filter.
    """
    counted_by = "" if slots is None else f"\n{slots.a_day}"
    return int.from_bytes(blake2b(f"{event}\n{where}{counted_by}".encode(), digest_size=8).digest())


def _numbers(names: Sequence[str], properties: Mapping[str, Trait]) -> Numbers:
    found = {}
    for name in names:
        number = millionths(number_in(properties.get(name.removeprefix("-"))))
        if number is not None:
            found[name] = -number if name.startswith("-") else number
    return found


def millionths(value: int | float | None) -> int | None:
    """Return a number in millionths, rounded half to even; None for what is no number, or one beyond 1e12."""
    if value is None or not -MAX_NUMBER <= value <= MAX_NUMBER:
        return None
    scaled = value * MILLION
    nearest = round(scaled)
    # A product of so few digits is off by far less than what is asked here, and what it is near to is no half.
    if -_EXACT < value < _EXACT and abs(scaled - nearest) < 1e-3:
        return nearest
    return int((Decimal(repr(value)) * MILLION).to_integral_value(ROUND_HALF_EVEN))
