"""Activity: how often and when events happened, and what their properties added up to, as far as conditions ask."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Raw

from schemas.events import Trait
from state.customer.amounts import COUNT, SUM, Amounts
from state.customer.counted_events import CountedEvents, Given, Undoable
from state.customer.distinct_values import DistinctValues
from state.customer.greatest import Greatest
from state.customer.occurrences import Occurrences, no_occurrences, unpack_occurrences
from state.customer.returns import PackedReturns, Returns, no_returns, unpack_returns
from state.customer.stored_tallies import PackedTallies, pack_tallies, unpack_tallies
from state.customer.tallies import Tallies, no_tallies


class CountedOrder(msgspec.Struct, array_like=True, gc=False):
    """An order that can be undone: its instant and day, and by key, where it was counted, what it gave."""

    at: int
    day: int
    counted: dict[int, Given]


class Activity(msgspec.Struct, gc=False):
    """The occurrences of events, by the keys of ``CountedEvents``, each as itself or still as its bytes.

    ``orders`` are the orders that stand and are remembered, by number, so that what they gave can be taken back;
    ``stored_orders`` are their bytes, None once they may have changed.
    ``tallies`` say to which values views, orders and revenue fell, ``returns`` of how many orders money was given back.
    """

    events: dict[int, Occurrences | Raw]
    orders: dict[int, CountedOrder]
    stored_orders: Raw | None = None
    tallies: Tallies = msgspec.field(default_factory=no_tallies)
    returns: Returns = msgspec.field(default_factory=no_returns)

    def occurrences(self, key: int) -> Occurrences | None:
        """Return the occurrences of one key, if there are any."""
        found = self.events.get(key)
        if type(found) is Raw:
            found = self.events[key] = unpack_occurrences(found)
        return found

    def add(self, counted: CountedEvents, at: int, day: int, properties: Mapping[str, Trait]) -> None:
        """Count an event that cannot be undone."""
        day = counted.day_of(at, day)
        if counted.numbers or counted.greatest or counted.distinct:
            self._add(counted, at, day, properties)
            return
        self._begun(counted.key).add(at, day, counted.first_day(day))

    def order_at(self, number: int) -> int | None:
        """Return the instant of an order that can be undone, or None."""
        order = self.orders.get(number)
        return None if order is None else order.at

    def place_order(
        self, number: int, at: int, day: int, counted: Sequence[CountedEvents], properties: Mapping[str, Trait]
    ) -> None:
        """Count an order."""
        given = {it.key: self._add(it, at, it.day_of(at, day), properties) for it in counted if it.takes(properties)}
        self.stored_orders = None
        self.orders[number] = CountedOrder(at, day, given)

    def restate_order(self, number: int, counted: Sequence[CountedEvents], properties: Mapping[str, Trait]) -> None:
        """Count a known order as what it is said to be now, in its place."""
        order = self.orders.get(number)
        if order is not None:
            self.stored_orders = None
            by_key = {it.key: it for it in counted}
            self._take_back(order, by_key)
            for it in counted:
                if it.takes(properties):
                    order.counted[it.key] = self._add(it, order.at, it.day_of(order.at, order.day), properties)
            self._find_again(order, order.counted, by_key)

    def undo_order(self, number: int, counted: Sequence[CountedEvents]) -> None:
        """Take an order back."""
        order = self.orders.pop(number, None)
        if order is not None:
            self.stored_orders = None
            self._take_back(order, {it.key: it for it in counted})

    def forget_orders(self, oldest: int, most: int, counted: Sequence[CountedEvents]) -> None:
        """Note that orders before a day, and all but the newest ``most``, can no longer be undone."""
        orders = self.orders
        while orders and (len(orders) > most or next(iter(orders.values())).day < oldest):
            order = orders.pop(next(iter(orders)))
            self.stored_orders = None
            by_key = {it.key: it for it in counted}
            for key, given in order.counted.items():
                self._counted(key).make_final(order.at, by_key[key].day_of(order.at, order.day), given)

    def keep(self, counted: Iterable[CountedEvents], counts_orders: bool) -> None:
        """Forget what a new policy does not ask for; without ``counts_orders``, that are all orders."""
        by_key = {it.key: it for it in counted}
        self.events = {key: it for key, it in self.events.items() if key in by_key}
        self.stored_orders = None
        for key in self.events:
            self._counted(key).keep(by_key[key])
        if not counts_orders:
            self.orders = {}
        for order in self.orders.values():
            order.counted = {key: it for key, it in order.counted.items() if key in self.events}
            for key, given in order.counted.items():
                given.numbers = {name: it for name, it in given.numbers.items() if name in by_key[key].numbers}
                given.compared = {name: it for name, it in given.compared.items() if name in by_key[key].greatest}
                given.values = {name: it for name, it in given.values.items() if name in by_key[key].distinct}
                given.by_day = given.by_day and by_key[key].window_days > 0

    def count(self, key: int) -> int:
        """Return how often events happened."""
        return found.count if (found := self.occurrences(key)) else 0

    def count_since(self, key: int, day: int) -> int:
        """Return how often events happened from a day on."""
        return found.daily.total(COUNT, day) if (found := self.occurrences(key)) else 0

    def first(self, key: int) -> int | None:
        """Return the instant of the first event, or None."""
        return found.first if (found := self.occurrences(key)) else None

    def last(self, key: int) -> int | None:
        """Return the instant of the last event, or None."""
        return found.last if (found := self.occurrences(key)) else None

    def numbers(self, key: int, name: str) -> int:
        """Return how many events had a number as this property."""
        return found.count if (found := self._amounts(key, name)) else 0

    def numbers_since(self, key: int, name: str, day: int) -> int:
        """Return how many events had a number as this property from a day on."""
        return found.daily.total(COUNT, day) if (found := self._amounts(key, name)) else 0

    def total(self, key: int, name: str) -> int:
        """Return the sum of a property, in millionths."""
        return found.total if (found := self._amounts(key, name)) else 0

    def total_since(self, key: int, name: str, day: int) -> int:
        """Return the sum of a property from a day on, in millionths."""
        return found.daily.total(SUM, day) if (found := self._amounts(key, name)) else 0

    def last_number(self, key: int, name: str) -> int | None:
        """Return the last number that was this property, in millionths, or None."""
        return found.last if (found := self._amounts(key, name)) else None

    def greatest(self, key: int, name: str) -> int | None:
        """Return the greatest number that was this property, in millionths, or None."""
        return found.most if (found := self._greatest(key, name)) else None

    def greatest_between(self, key: int, name: str, first: int, end: int | None = None) -> int | None:
        """Return the greatest number from one day on and before another, in millionths, or None."""
        return found.between(first, end) if (found := self._greatest(key, name)) else None

    def distinct(self, key: int, name: str) -> int:
        """Return how many distinct values a property had."""
        return found.count() if (found := self._distinct(key, name)) else 0

    def distinct_since(self, key: int, name: str, day: int) -> int:
        """Return how many distinct values a property had from a day on."""
        return found.count_since(day) if (found := self._distinct(key, name)) else 0

    def has_room(
        self, counted: Iterable[CountedEvents], properties: Mapping[str, Trait], at: int, day: int, order: int = -1
    ) -> bool:
        """Tell whether all that an event gives can be kept; of an ``order``, in place of what it gave before."""
        before = self.orders.get(order)
        for it in counted:
            found = self.occurrences(it.key)
            if found is not None and it.takes(properties):
                given = {} if before is None or it.key not in before.counted else before.counted[it.key].numbers
                new = it.given_by(properties)
                for name, number in new.numbers.items():
                    amounts = found.amounts.get(name)
                    if amounts is not None and not amounts.has_room(abs(number) - abs(given.get(name, 0))):
                        return False
                for name, values in new.values.items():
                    distinct = found.distinct.get(name)
                    if distinct is not None and not distinct.has_room(
                        values, it.first_day(it.day_of(at, day)), name in it.ever
                    ):
                        return False
        return True

    def days_of(self, key: int) -> list[int]:
        """Return the days on which events happened, ascending."""
        return found.daily.days if (found := self.occurrences(key)) else []

    def _add(self, counted: CountedEvents, at: int, day: int, properties: Mapping[str, Trait]) -> Given:
        return self._begun(counted.key).add_with(at, day, counted, counted.given_by(properties))

    def _take_back(self, order: CountedOrder, by_key: Mapping[int, CountedEvents]) -> None:
        counted, order.counted = order.counted, {}
        for key, given in counted.items():
            self._counted(key).take(by_key[key].day_of(order.at, order.day), given)
        self._find_again(order, counted, by_key)

    def _find_again(self, order: CountedOrder, keys: Iterable[int], by_key: Mapping[int, CountedEvents]) -> None:
        for key in keys:
            found, day_of = self._counted(key), by_key[key].day_of
            if found.count:
                orders = [it for it in self.orders.values() if key in it.counted]
                undoable = [Undoable(it.at, day_of(it.at, it.day), it.counted[key]) for it in orders]
                found.find_again(day_of(order.at, order.day), undoable)
            else:
                del self.events[key]

    def _counted(self, key: int) -> Occurrences:
        found = self.occurrences(key)
        assert found is not None
        return found

    def _begun(self, key: int) -> Occurrences:
        found = self.occurrences(key)
        if found is None:
            found = self.events[key] = no_occurrences()
        return found

    def _amounts(self, key: int, name: str) -> Amounts | None:
        return found.amounts.get(name) if (found := self.occurrences(key)) else None

    def _greatest(self, key: int, name: str) -> Greatest | None:
        return found.greatest.get(name) if (found := self.occurrences(key)) else None

    def _distinct(self, key: int, name: str) -> DistinctValues | None:
        return found.distinct.get(name) if (found := self.occurrences(key)) else None

    def packed(self) -> bytes:
        """Return the bytes, none where no event happened; those of events are made again only after a change."""
        tallies, returns = pack_tallies(self.tallies), self.returns.packed()
        if not self.events and not self.orders and tallies is None and returns is None:
            return b""
        events = {
            key: it if type(it) is Raw else stored if (stored := it.stored) is not None else it.packed()
            for key, it in self.events.items()
        }
        if self.stored_orders is None:
            self.stored_orders = Raw(_encode(self.orders))
        return _encode(_Packed(events, self.stored_orders, tallies, returns))

    @staticmethod
    def unpacked(packed: bytes) -> "Activity":
        """Return what the bytes hold. Raises ``msgspec.DecodeError``."""
        if not packed:
            return Activity({}, {})
        it = _decode(packed)
        tallies, returns = unpack_tallies(it.tallies), unpack_returns(it.returns)
        return Activity({**it.events}, _decode_orders(it.orders), it.orders, tallies, returns)


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Activity as stored."""

    events: dict[int, Raw]
    orders: Raw
    tallies: PackedTallies | None = None
    returns: PackedReturns | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode
_decode_orders = msgspec.msgpack.Decoder(dict[int, CountedOrder]).decode
