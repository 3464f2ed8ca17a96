"""Activity: how often and when events happened, and what their properties added up to, as far as conditions ask."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from schemas.events import Scalar
from state.customer.occurrences import (
    COUNT,
    SUM,
    Amounts,
    CountedEvents,
    Numbers,
    Occurrences,
    PackedOccurrences,
    no_occurrences,
    unpack_occurrences,
)


class CountedOrder(msgspec.Struct, array_like=True, gc=False):
    """An order that can be undone: its instant and day, and by key, where it was counted, the numbers that it gave."""

    at: int
    day: int
    counted: dict[str, Numbers]


class Activity(msgspec.Struct, gc=False):
    """The occurrences of events, by the keys of ``CountedEvents``.

    ``orders`` are the orders that stand and are remembered, by number, so that what they gave can be taken back.
    """

    events: dict[str, Occurrences]
    orders: dict[int, CountedOrder]

    def add(self, counted: CountedEvents, at: int, day: int, properties: Mapping[str, Scalar]) -> Numbers:
        """Count an event; return its numbers that were added up."""
        numbers = counted.numbers_of(properties)
        found = self.events.get(counted.key)
        if found is None:
            found = self.events[counted.key] = no_occurrences()
        found.add(at, day, day - counted.window_days + 1, numbers)
        return numbers

    def place_order(
        self, number: int, at: int, day: int, counted: Sequence[CountedEvents], properties: Mapping[str, Scalar]
    ) -> None:
        """Count an order."""
        numbers = {it.key: self.add(it, at, day, properties) for it in counted if it.takes(properties)}
        self.orders[number] = CountedOrder(at, day, numbers)

    def restate_order(self, number: int, counted: Sequence[CountedEvents], properties: Mapping[str, Scalar]) -> None:
        """Count a known order as what it is said to be now, in its place."""
        order = self.orders.get(number)
        if order is not None:
            self._take_back(order)
            taking = [it for it in counted if it.takes(properties)]
            order.counted = {it.key: self.add(it, order.at, order.day, properties) for it in taking}

    def undo_order(self, number: int) -> None:
        """Take an order back."""
        order = self.orders.pop(number, None)
        if order is not None:
            self._take_back(order)

    def forget_orders(self, oldest: int, most: int) -> None:
        """Note that orders before a day, and all but the newest ``most``, can no longer be undone."""
        orders = self.orders
        while orders and (len(orders) > most or next(iter(orders.values())).day < oldest):
            order = orders.pop(next(iter(orders)))
            for key, numbers in order.counted.items():
                self.events[key].make_final(order.at, numbers)

    def keep(self, keys: Collection[str]) -> None:
        """Forget all events but these."""
        for key in self.events.keys() - set(keys):
            del self.events[key]
        for order in self.orders.values():
            order.counted = {key: numbers for key, numbers in order.counted.items() if key in self.events}

    def count(self, key: str) -> int:
        """Return how often events happened."""
        return found.count if (found := self.events.get(key)) else 0

    def count_since(self, key: str, day: int) -> int:
        """Return how often events happened from a day on."""
        return found.daily.total(COUNT, day) if (found := self.events.get(key)) else 0

    def first(self, key: str) -> int | None:
        """Return the instant of the first event, or None."""
        return found.first if (found := self.events.get(key)) else None

    def last(self, key: str) -> int | None:
        """Return the instant of the last event, or None."""
        return found.last if (found := self.events.get(key)) else None

    def numbers(self, key: str, name: str) -> int:
        """Return how many events had a number as this property."""
        return found.count if (found := self._amounts(key, name)) else 0

    def numbers_since(self, key: str, name: str, day: int) -> int:
        """Return how many events had a number as this property from a day on."""
        return found.daily.total(COUNT, day) if (found := self._amounts(key, name)) else 0

    def total(self, key: str, name: str) -> int:
        """Return the sum of a property, in millionths."""
        return found.total if (found := self._amounts(key, name)) else 0

    def total_since(self, key: str, name: str, day: int) -> int:
        """Return the sum of a property from a day on, in millionths."""
        return found.daily.total(SUM, day) if (found := self._amounts(key, name)) else 0

    def last_number(self, key: str, name: str) -> int | None:
        """Return the last number that was this property, in millionths, or None."""
        return found.last if (found := self._amounts(key, name)) else None

    def days(self) -> Iterator[list[int]]:
        """Yield the days of each event, ascending."""
        for found in self.events.values():
            yield found.daily.days

    def _take_back(self, order: CountedOrder) -> None:
        counted, order.counted = order.counted, {}
        for key, numbers in counted.items():
            found = self.events[key]
            found.take(order.day, numbers)
            if found.count:
                found.find_ends([(it.at, it.counted[key]) for it in self.orders.values() if key in it.counted])
            else:
                del self.events[key]

    def _amounts(self, key: str, name: str) -> Amounts | None:
        return found.amounts.get(name) if (found := self.events.get(key)) else None

    def packed(self) -> bytes:
        """Return the bytes; none where no event happened."""
        if not self.events and not self.orders:
            return b""
        return _encode(_Packed({key: it.packed() for key, it in self.events.items()}, self.orders))

    @staticmethod
    def unpacked(packed: bytes) -> "Activity":
        """Return what the bytes hold. Raises ``msgspec.DecodeError``."""
        if not packed:
            return Activity({}, {})
        it = _decode(packed)
        return Activity({key: unpack_occurrences(each) for key, each in it.events.items()}, it.orders)


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Activity as stored."""

    events: dict[str, PackedOccurrences]
    orders: dict[int, CountedOrder]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode
