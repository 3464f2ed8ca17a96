"""Tallies: how much of a customer's views, orders or revenue fell to which category, brand or channel, by day."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from state.customer.daily_counts import Daily, no_counts

VIEWS, ORDERS, REVENUE = WEIGHTS = ("views", "orders", "revenue")
RETURNS = "returns"
"""Not a weight: it asks for the returns of orders, and for no values."""
MAX_VALUES = 128
"""How many values of one kind are told apart where a policy asks for the favourite."""
NO_ORDER = -1
_WEIGHT = 0


class TallyOf(NamedTuple):
    """What a policy asks to be tallied: views, orders or revenue (``weight``) by a ``field`` of the event.

    Of a ``value``, only what falls to it and to all values together is remembered; without one, that of each value.
    ``key`` is what identifies the tally in the activity, ``window_days`` are the days of its longest window.
    """

    key: int
    weight: str
    field: str
    value: str = ""
    window_days: int = 0


class Gave(msgspec.Struct, array_like=True, gc=False):
    """What one event gave: to all values together, and to each."""

    whole: int
    values: dict[str, int]


class Tally(msgspec.Struct, gc=False):
    """What fell to all values together on each day, and to each value.

    ``given`` is what orders gave that can be undone, by number. No day is without a weight.
    """

    whole: Daily
    values: dict[str, Daily]
    given: dict[int, Gave]

    def drop_before(self, since: int, orders: Mapping[int, int]) -> None:
        """Drop the days before ``since``, which no window reaches any more; ``orders`` are days, by number."""
        days = self.whole.days
        if not days or days[0] >= since:
            return
        for value, daily in [("", self.whole), *self.values.items()]:
            daily.drop_before(since)
            if value and not daily.days:
                del self.values[value]
        for number in [it for it in self.given if orders[it] < since]:
            del self.given[number]

    def add(self, day: int, gave: Gave) -> None:
        """Add what an event gave; of too many values, those are dropped that have not come for the longest time."""
        self.whole.add(day, _WEIGHT, gave.whole)
        for value, weight in gave.values.items():
            daily = self.values.get(value)
            if daily is None:
                daily = self.values[value] = no_counts()
            daily.add(day, _WEIGHT, weight)
        while len(self.values) > MAX_VALUES:
            gone = min(self.values, key=self._staleness)
            del self.values[gone]
            for each in (gave, *self.given.values()):
                each.values.pop(gone, None)

    def take(self, number: int, day: int) -> None:
        """Take back what an order gave, if anything."""
        gave = self.given.pop(number, None)
        if gave is None:
            return
        _take(self.whole, day, gave.whole)
        for value, weight in gave.values.items():
            daily = self.values.get(value)
            if daily is not None:
                _take(daily, day, weight)
                if not daily.days:
                    del self.values[value]

    def has_room(self, values: Collection[str], since: int, number: int, day: int) -> bool:
        """Tell whether values can be told apart from those known since a day, in place of what an order gave."""
        if len(self.values) + len(values) <= MAX_VALUES:
            return True
        before = self.given.get(number)
        gone = {} if before is None else before.values
        stay = {
            value
            for value, daily in self.values.items()
            if daily.days[-1] >= since and not (daily.days == [day] and daily.columns[_WEIGHT][0] == gone.get(value))
        }
        return len(stay.union(values)) <= MAX_VALUES

    def top_since(self, day: int) -> str | None:
        """Return the value to which most fell from a day on; of several, the first by code points."""
        top, most = None, 0
        for value, daily in self.values.items():
            days, weights = daily.days, daily.columns[_WEIGHT]  # a call for each value would cost more than its sum
            weight = sum(weights) if days[0] >= day else sum(weights[bisect_left(days, day) :])
            if weight > most or (weight and weight == most and (top is None or value < top)):
                top, most = value, weight
        return top

    def _staleness(self, value: str) -> tuple[int, int, str]:
        daily = self.values[value]
        return daily.days[-1], sum(daily.columns[_WEIGHT]), value


class Tallies(msgspec.Struct, gc=False):
    """The tallies of a customer by their keys, and the days of the orders that can be undone, by number."""

    by_key: dict[int, Tally]
    orders: dict[int, int]

    def view(self, day: int, gives: Iterable[tuple[TallyOf, Gave]]) -> None:
        """Count a view."""
        for of, gave in gives:
            self._at(of, day).add(day, gave)

    def place_order(self, number: int, day: int, gives: Iterable[tuple[TallyOf, Gave]]) -> None:
        """Count an order."""
        self.orders[number] = day
        self._count_order(number, day, day, gives)

    def restate_order(self, number: int, today: int, gives: Iterable[tuple[TallyOf, Gave]]) -> None:
        """Count a known order as what it is said to be now, on its own day."""
        day = self.orders.get(number)
        if day is not None:
            self._take(number, day)
            self._count_order(number, day, today, gives)

    def undo_order(self, number: int) -> None:
        """Take an order back."""
        day = self.orders.pop(number, None)
        if day is not None:
            self._take(number, day)

    def forget_orders(self, oldest: int, most: int) -> None:
        """Note that orders before a day, and all but the newest ``most``, can no longer be undone."""
        orders = self.orders
        while orders and (len(orders) > most or next(iter(orders.values())) < oldest):
            number = next(iter(orders))
            del orders[number]
            for tally in self.by_key.values():
                tally.given.pop(number, None)

    def keep(self, asked: Collection[TallyOf]) -> None:
        """Forget what a new policy does not ask for."""
        keys = {it.key for it in asked}
        self.by_key = {key: it for key, it in self.by_key.items() if key in keys}
        if not any(it.weight in (ORDERS, REVENUE) for it in asked):
            self.orders = {}

    def whole_since(self, key: int, day: int) -> int:
        """Return what fell to all values together from a day on."""
        return tally.whole.total(_WEIGHT, day) if (tally := self.by_key.get(key)) else 0

    def weight_since(self, key: int, value: str | None, day: int) -> int:
        """Return what fell to a value from a day on."""
        tally = self.by_key.get(key)
        daily = None if tally is None or value is None else tally.values.get(value)
        return 0 if daily is None else daily.total(_WEIGHT, day)

    def top_since(self, key: int, day: int) -> str | None:
        """Return the value to which most fell from a day on, or None."""
        return tally.top_since(day) if (tally := self.by_key.get(key)) else None

    def days(self) -> Iterator[list[int]]:
        """Yield the days of each tally, ascending."""
        for tally in self.by_key.values():
            yield tally.whole.days

    def has_room(self, of: TallyOf, values: Collection[str], today: int, number: int) -> bool:
        """Tell whether a tally can tell values apart from those that it has; those of an order in its place."""
        tally = self.by_key.get(of.key)
        return tally is None or tally.has_room(values, _since(of, today), number, self.orders.get(number, NO_ORDER))

    def _at(self, of: TallyOf, day: int) -> Tally:
        tally = self.by_key.get(of.key)
        if tally is None:
            tally = self.by_key[of.key] = Tally(no_counts(), {}, {})
        tally.drop_before(_since(of, day), self.orders)
        return tally

    def _count_order(self, number: int, day: int, today: int, gives: Iterable[tuple[TallyOf, Gave]]) -> None:
        for of, gave in gives:
            tally = self._at(of, today)
            if day >= _since(of, today):
                tally.given[number] = gave
                tally.add(day, gave)

    def _take(self, number: int, day: int) -> None:
        for key, tally in [*self.by_key.items()]:
            tally.take(number, day)
            if not tally.whole.days:
                del self.by_key[key]


def no_tallies() -> Tallies:
    """Return the tallies of a customer of whom nothing was tallied."""
    return Tallies({}, {})


def _since(of: TallyOf, day: int) -> int:
    return day - of.window_days + 1


def _take(daily: Daily, day: int, weight: int) -> None:
    row = bisect_left(daily.days, day)
    if row == len(daily.days) or daily.days[row] != day:
        return  # it lies behind every window
    daily.add(day, _WEIGHT, -weight)
    if not daily.columns[_WEIGHT][row]:
        del daily.days[row]
        del daily.columns[_WEIGHT][row]
