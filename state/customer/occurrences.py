"""Occurrences: how often and when events of one kind happened, and what their numbers add up to."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from state.customer.amounts import COUNT, Amounts, PackedAmounts, unpack_amounts
from state.customer.counted_events import CountedEvents, Given, Undoable
from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily
from state.customer.distinct_values import DistinctValues, PackedValues, no_values, unpack_values
from state.customer.greatest import Greatest, PackedGreatest, no_numbers, unpack_greatest

_AFTER_ALL_DAYS = 2**40
_NEVER = -1


class Occurrences(msgspec.Struct, gc=False):
    """How often events happened, the instants of the first and the last, how often on which day, and their numbers.

    ``final`` is the instant of the last event that can no longer be undone, if there is one. ``stored`` are the bytes
    of all this, None once it may have changed.
    """

    daily: Daily
    amounts: dict[str, Amounts]
    greatest: dict[str, Greatest]
    distinct: dict[str, DistinctValues]
    count: int = 0
    first: int = _NEVER
    last: int = _NEVER
    final: int = _NEVER
    stored: Raw | None = None

    def add(self, at: int, day: int, since: int) -> bool:
        """Count an event; return whether it was counted on its day.

        ``since`` is the first day of the longest window, after ``day`` if there is none.
        """
        self.stored = None
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
        self.stored = None
        self.count -= 1
        if given.by_day:
            self.daily.take(day, COUNT, 1)
        for name, number in given.numbers.items():
            self.amounts[name].take(number, day, given.by_day)

    def keep(self, counted: CountedEvents) -> None:
        """Forget what a new policy does not ask for."""
        self.stored = None
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
        self.stored = None
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
        self.stored = None
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

    def packed(self) -> Raw:
        """Return the bytes, which are made again only after a change."""
        if self.stored is None:
            packed = _Packed(
                self.daily.packed(),
                {name: it.packed() for name, it in self.amounts.items()},
                self.count,
                self.first,
                self.last,
                self.final,
                {name: it.packed() for name, it in self.greatest.items()},
                {name: it.packed() for name, it in self.distinct.items()},
            )
            self.stored = Raw(_encode(packed))
        return self.stored


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Occurrences as stored."""

    daily: PackedDaily | None
    amounts: dict[str, PackedAmounts]
    count: int
    first: int
    last: int
    final: int
    greatest: dict[str, PackedGreatest] = {}
    distinct: dict[str, PackedValues] = {}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def no_occurrences() -> Occurrences:
    """Return the occurrences of events that never happened."""
    return Occurrences(no_counts(), {}, {}, {})


def unpack_occurrences(packed: Raw) -> Occurrences:
    """Return the occurrences of the bytes. Raises ``msgspec.DecodeError``."""
    it = _decode(packed)
    return Occurrences(
        unpack_daily(it.daily),
        {name: unpack_amounts(of_name) for name, of_name in it.amounts.items()},
        {name: unpack_greatest(of_name) for name, of_name in it.greatest.items()},
        {name: unpack_values(of_name) for name, of_name in it.distinct.items()},
        it.count,
        it.first,
        it.last,
        it.final,
        packed,
    )
