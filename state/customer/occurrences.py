"""Occurrences: how often and when events of one kind happened, and what their numbers add up to."""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from schemas.event_properties import MAX_NUMBER, number_in
from schemas.events import Trait
from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily

MILLION = 1_000_000
COUNT, SUM = range(2)
_EXACT = 10**6
_MOST_SIZE = 9 * 10**18
_AFTER_ALL_DAYS = 2**40
_NEVER = -1

Numbers = dict[str, int]
"""The numbers of one event that are added up, in millionths, by property."""


class Given(msgspec.Struct, array_like=True, gc=False):
    """What an event that can be undone gave: numbers, and whether it was counted on its day."""

    numbers: Numbers
    by_day: bool


class CountedEvents(NamedTuple):
    """The events of one name that conditions count, or those of them whose properties a filter ``accepts``.

    ``key`` is what identifies them in the activity (see ``occurrences_key``), ``window_days`` the days of the longest
    window (0: none), and ``numbers`` are the properties that are added up.
    """

    key: int
    window_days: int = 0
    accepts: Callable[[Mapping[str, Trait]], bool] | None = None
    numbers: tuple[str, ...] = ()

    def takes(self, properties: Mapping[str, Trait]) -> bool:
        """Tell whether an event with these properties is one of them."""
        return self.accepts is None or self.accepts(properties)

    def numbers_of(self, properties: Mapping[str, Trait]) -> Numbers:
        """Return the numbers of an event that are added up."""
        read = ((name, millionths(number_in(properties.get(name)))) for name in self.numbers)
        return {name: number for name, number in read if number is not None}


class Amounts(msgspec.Struct, gc=False):
    """The numbers of one property, in millionths: how many, their sum, the last of them, and count and sum by day.

    ``size`` is the sum of their sizes, which is bounded, so that no sum is beyond 64 bits. ``last_at`` is the instant
    of the last one's event. ``final_at`` and ``final`` are those of the last that can no longer be undone, if any.
    """

    daily: Daily
    count: int = 0
    total: int = 0
    size: int = 0
    last_at: int = _NEVER
    last: int = 0
    final_at: int = _NEVER
    final: int = 0

    def has_room(self, size: int) -> bool:
        """Tell whether a number of that size can be added within the bound of all sizes together."""
        return self.size + size <= _MOST_SIZE

    def add(self, number: int, at: int, day: int, since: int) -> None:
        """Add a number."""
        self.count += 1
        self.total += number
        self.size += abs(number)
        if at >= self.last_at:
            self.last_at, self.last = at, number
        self.daily.drop_before(since)
        if since <= day:
            self.daily.add(day, COUNT)
            self.daily.add(day, SUM, number)

    def take(self, number: int, day: int, by_day: bool) -> None:
        """Take a number back; ``Occurrences.find_ends`` finds the last one again."""
        self.count -= 1
        self.total -= number
        self.size -= abs(number)
        if by_day:
            self.daily.take(day, COUNT, 1)
            self.daily.take(day, SUM, number)

    def packed(self) -> "PackedAmounts":
        """Return the numbers as they are stored."""
        daily = self.daily.packed()
        return PackedAmounts(
            daily, self.count, self.total, self.size, self.last_at, self.last, self.final_at, self.final
        )


class Occurrences(msgspec.Struct, gc=False):
    """How often events happened, the instants of the first and the last, how often on which day, and their numbers.

    ``final`` is the instant of the last event that can no longer be undone, if there is one.
    """

    daily: Daily
    amounts: dict[str, Amounts]
    count: int = 0
    first: int = _NEVER
    last: int = _NEVER
    final: int = _NEVER

    def add(self, at: int, day: int, since: int, numbers: Numbers) -> Given:
        """Count an event; ``since`` is the first day of the longest window, after ``day`` if there is none."""
        self.first = at if not self.count else min(self.first, at)
        self.last = max(self.last, at)
        self.count += 1
        self.daily.drop_before(since)
        by_day = since <= day
        if by_day:
            self.daily.add(day, COUNT)
        given = Given({}, by_day)
        for name, number in numbers.items():
            amounts = self.amounts.get(name) or Amounts(no_counts())
            if amounts.has_room(abs(number)):
                self.amounts[name] = amounts
                amounts.add(number, at, day, since)
                given.numbers[name] = number
        return given

    def take(self, day: int, given: Given) -> None:
        """Take an event back; ``find_ends`` finds the first and the last again."""
        self.count -= 1
        if given.by_day:
            self.daily.take(day, COUNT, 1)
        for name, number in given.numbers.items():
            self.amounts[name].take(number, day, given.by_day)

    def keep(self, counted: CountedEvents) -> None:
        """Forget what a new policy does not ask for."""
        self.amounts = {name: it for name, it in self.amounts.items() if name in counted.numbers}
        if not counted.window_days:
            for daily in (self.daily, *(it.daily for it in self.amounts.values())):
                daily.drop_before(_AFTER_ALL_DAYS)

    def make_final(self, at: int, given: Given) -> None:
        """Note that an event can no longer be undone."""
        self.final = max(self.final, at)
        for name, number in given.numbers.items():
            amounts = self.amounts[name]
            if at >= amounts.final_at:
                amounts.final_at, amounts.final = at, number

    def find_ends(self, undoable: Sequence[tuple[int, Numbers]]) -> None:
        """Find the first and the last event again, given the instants and numbers of those that can be undone.

        Of two at one instant, the one that comes later in the sequence is the last.
        """
        instants = [at for at, _ in undoable]
        if self.final == _NEVER and instants:
            self.first = min(instants)
        self.last = max([self.final, *instants])
        for name, amounts in [*self.amounts.items()]:
            if not amounts.count:
                del self.amounts[name]
                continue
            given = [(at, numbers[name]) for at, numbers in reversed(undoable) if name in numbers]
            amounts.last_at, amounts.last = max([*given, (amounts.final_at, amounts.final)], key=lambda it: it[0])

    def packed(self) -> "PackedOccurrences":
        """Return the occurrences as they are stored."""
        amounts = {name: it.packed() for name, it in self.amounts.items()}
        return PackedOccurrences(self.daily.packed(), amounts, self.count, self.first, self.last, self.final)


class PackedAmounts(msgspec.Struct, array_like=True, gc=False):
    """The numbers of a property as stored."""

    daily: PackedDaily | None
    count: int
    total: int
    size: int
    last_at: int
    last: int
    final_at: int
    final: int


class PackedOccurrences(msgspec.Struct, array_like=True, gc=False):
    """Occurrences as stored."""

    daily: PackedDaily | None
    amounts: dict[str, PackedAmounts]
    count: int
    first: int
    last: int
    final: int


def occurrences_key(event: str, where: str = "") -> int:
    """Return the key of the events of one name that a filter accepts: 64 bits of BLAKE2b, since a key is only compared.

    ``event`` is what the spellings of the name share, ``where`` the text of the filter.
    """
    return int.from_bytes(blake2b(f"{event}\n{where}".encode(), digest_size=8).digest())


def no_occurrences() -> Occurrences:
    """Return the occurrences of events that never happened."""
    return Occurrences(no_counts(), {})


def unpack_occurrences(packed: PackedOccurrences) -> Occurrences:
    """Return the occurrences that were stored."""
    amounts = {
        name: Amounts(unpack_daily(it.daily), it.count, it.total, it.size, it.last_at, it.last, it.final_at, it.final)
        for name, it in packed.amounts.items()
    }
    return Occurrences(unpack_daily(packed.daily), amounts, packed.count, packed.first, packed.last, packed.final)


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
