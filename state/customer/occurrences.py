"""Occurrences: how often and when events of one kind happened, and what their numbers add up to."""

from collections.abc import Sequence

import msgspec

from state.customer.counted_events import CountedEvents, Given, Undoable
from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily
from state.customer.distinct_values import DistinctValues, PackedValues, no_values, unpack_values
from state.customer.greatest import Greatest, PackedGreatest, no_numbers, unpack_greatest

COUNT, SUM = range(2)
_MOST_SIZE = 9 * 10**18
_AFTER_ALL_DAYS = 2**40
_NEVER = -1


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
        """Take a number back; ``Occurrences.find_again`` finds the last one again."""
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
    greatest: dict[str, Greatest]
    distinct: dict[str, DistinctValues]
    count: int = 0
    first: int = _NEVER
    last: int = _NEVER
    final: int = _NEVER

    def add(self, at: int, day: int, since: int) -> bool:
        """Count an event; return whether it was counted on its day.

        ``since`` is the first day of the longest window, after ``day`` if there is none.
        """
        self.first = at if not self.count else min(self.first, at)
        self.last = max(self.last, at)
        self.count += 1
        self.daily.drop_before(since)
        by_day = since <= day
        if by_day:
            self.daily.add(day, COUNT)
        return by_day

    def add_with(self, at: int, day: int, counted: CountedEvents, given: Given) -> Given:
        """Count an event; return what it gave, which is all that is given but numbers without room."""
        since = counted.first_day(day)
        given.by_day = self.add(at, day, since)
        for name, number in [*given.numbers.items()]:
            amounts = self.amounts.get(name) or Amounts(no_counts())
            if amounts.has_room(abs(number)):
                self.amounts[name] = amounts
                amounts.add(number, at, day, since)
            else:
                del given.numbers[name]
        for name, number in given.compared.items():
            self.greatest.setdefault(name, no_numbers()).add(number, day, since)
        for name, values in given.values.items():
            self.distinct.setdefault(name, no_values()).add(values, day, since, name in counted.ever)
        return given

    def take(self, day: int, given: Given) -> None:
        """Take an event back; ``find_again`` finds the first and the last again."""
        self.count -= 1
        if given.by_day:
            self.daily.take(day, COUNT, 1)
        for name, number in given.numbers.items():
            self.amounts[name].take(number, day, given.by_day)

    def keep(self, counted: CountedEvents) -> None:
        """Forget what a new policy does not ask for."""
        self.amounts = {name: it for name, it in self.amounts.items() if name in counted.numbers}
        self.greatest = {name: it for name, it in self.greatest.items() if name in counted.greatest}
        self.distinct = {name: it for name, it in self.distinct.items() if name in counted.distinct}
        if not counted.window_days:
            for daily in (self.daily, *(it.daily for it in self.amounts.values())):
                daily.drop_before(_AFTER_ALL_DAYS)
            for greatest in self.greatest.values():
                greatest.forget_days()
            for distinct in self.distinct.values():
                distinct.forget_days()

    def make_final(self, at: int, day: int, given: Given) -> None:
        """Note that an event can no longer be undone."""
        self.final = max(self.final, at)
        for name, number in given.numbers.items():
            amounts = self.amounts[name]
            if at >= amounts.final_at:
                amounts.final_at, amounts.final = at, number
        for name, number in given.compared.items():
            self.greatest[name].make_final(number, day, given.by_day)
        for name, values in given.values.items():
            self.distinct[name].make_final(values, day, given.by_day)

    def find_again(self, day: int, undoable: Sequence[Undoable]) -> None:
        """Find again what an event of a day decided alone that was taken back, given those that can be undone.

        Of two at one instant, the one that comes later in the sequence is the last.
        """
        instants = [it.at for it in undoable]
        if self.final == _NEVER and instants:
            self.first = min(instants)
        self.last = max([self.final, *instants])
        for name, amounts in [*self.amounts.items()]:
            if not amounts.count:
                del self.amounts[name]
                continue
            given = [(it.at, it.given.numbers[name]) for it in reversed(undoable) if name in it.given.numbers]
            amounts.last_at, amounts.last = max([*given, (amounts.final_at, amounts.final)], key=lambda it: it[0])
        for name, greatest in [*self.greatest.items()]:
            greatest.find_again(day, [it.standing(name) for it in undoable if name in it.given.compared])
            if greatest.most is None:
                del self.greatest[name]
        for name, distinct in [*self.distinct.items()]:
            distinct.find_again([it.held(name) for it in undoable if name in it.given.values])
            if not distinct.last:
                del self.distinct[name]

    def packed(self) -> "PackedOccurrences":
        """Return the occurrences as they are stored."""
        return PackedOccurrences(
            self.daily.packed(),
            {name: it.packed() for name, it in self.amounts.items()},
            self.count,
            self.first,
            self.last,
            self.final,
            {name: it.packed() for name, it in self.greatest.items()},
            {name: it.packed() for name, it in self.distinct.items()},
        )


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
    greatest: dict[str, PackedGreatest] = {}
    distinct: dict[str, PackedValues] = {}


def no_occurrences() -> Occurrences:
    """Return the occurrences of events that never happened."""
    return Occurrences(no_counts(), {}, {}, {})


def unpack_occurrences(packed: PackedOccurrences) -> Occurrences:
    """Return the occurrences that were stored."""
    amounts = {
        name: Amounts(unpack_daily(it.daily), it.count, it.total, it.size, it.last_at, it.last, it.final_at, it.final)
        for name, it in packed.amounts.items()
    }
    greatest = {name: unpack_greatest(it) for name, it in packed.greatest.items()}
    distinct = {name: unpack_values(it) for name, it in packed.distinct.items()}
    daily = unpack_daily(packed.daily)
    return Occurrences(daily, amounts, greatest, distinct, packed.count, packed.first, packed.last, packed.final)
