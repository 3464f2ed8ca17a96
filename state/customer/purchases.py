"""Purchases: the orders that stand, exactly undone when one is cancelled or refunded."""

from bisect import bisect_left
from hashlib import blake2b
from struct import pack, unpack

import msgspec

from schemas.events import OrderCancelled, OrderCompleted, OrderRefunded, OrderUpdated
from state.customer.daily_counts import Daily, PackedDaily, nothing, unpacked
from state.customer.delta_coding import from_steps, in_steps

MAX_WINDOW_DAYS = 365
MAX_ORDERS = 256
MAX_BASKETS = 10
ORDERS, REVENUE, ITEMS = range(3)


class Purchases(msgspec.Struct, gc=False):
    """Orders of the last 365 days one by one (the newest 256), by day beyond that number, and totals before.

    The one-by-one columns run in order of event time: ids (see ``order_number``), instants, days, what is left of
    their totals (``net_total`` is its sum), and items. ``refunded`` says by id what was given back of an order that
    still stands. ``before_*`` sum what is no longer known one by one; its days still inside a window are in
    ``crowded``. ``refunds`` is the money given back, by the day of the refund. ``baskets`` holds the categories of the
    newest ten orders that were placed, without those that are undone.
    """

    ids: list[int]
    ats: list[int]
    days: list[int]
    nets: list[int]
    items: list[int]
    refunded: dict[int, int]
    crowded: Daily
    refunds: Daily
    baskets: list[tuple[str, ...]]
    net_total: int = 0
    before_orders: int = 0
    before_revenue: int = 0
    before_items: int = 0
    before_first: int = 0
    before_last: int = 0

    def count(self) -> int:
        """The number of orders that stand, of all time."""
        return self.before_orders + len(self.ids)

    def revenue(self) -> int:
        """What the orders that stand brought in, refunds taken off, in minor units."""
        return self.before_revenue + self.net_total

    def item_count(self) -> int:
        """The number of items in the orders that stand."""
        return self.before_items + sum(self.items)

    def first(self) -> int | None:
        """The instant of the first order that stands."""
        if self.before_orders:
            return self.before_first
        return self.ats[0] if self.ats else None

    def last(self) -> int | None:
        """The instant of the last order that stands."""
        if self.ats:
            return self.ats[-1]
        return self.before_last if self.before_orders else None

    def orders_since(self, since: int) -> int:
        """Orders placed from the day ``since`` on."""
        crowded = self.crowded
        standing = len(self.days) - self._first_row(since)
        return standing + crowded.total(ORDERS, since) if crowded.days else standing

    def revenue_since(self, since: int) -> int:
        """What the orders placed from that day on brought in, refunds taken off, in minor units."""
        crowded = self.crowded
        row = self._first_row(since)
        revenue = sum(self.nets[row:]) if row else self.net_total
        return revenue + crowded.total(REVENUE, since) if crowded.days else revenue

    def items_since(self, since: int) -> int:
        """Items of the orders placed from that day on."""
        crowded = self.crowded
        items = sum(self.items[self._first_row(since) :])
        return items + crowded.total(ITEMS, since) if crowded.days else items

    def categories(self) -> tuple[str, ...]:
        """The categories of the newest ten orders, each once, newest order first."""
        return tuple(dict.fromkeys(name for names in reversed(self.baskets) for name in names))

    def place(self, order: OrderCompleted | OrderUpdated, day: int) -> bool:
        """Add an order, or give one that stands its new amounts. True when there is one more order."""
        self.forget(day)
        number = order_number(order.order_id)
        if number in self.ids:
            row = self.ids.index(number)
            net = order.total
            if number in self.refunded:
                self.refunded[number] = min(self.refunded[number], order.total)
                net -= self.refunded[number]
            self.net_total += net - self.nets[row]
            self.nets[row] = net
            self.items[row] = order.items
            if (basket := self._basket(row)) is not None:
                self.baskets[basket] = order.categories
            return False
        if isinstance(order, OrderUpdated):
            return False
        self.ids.append(number)
        self.ats.append(order.at)
        self.days.append(day)
        self.nets.append(order.total)
        self.net_total += order.total
        self.items.append(order.items)
        self.baskets.append(order.categories)
        if len(self.baskets) > MAX_BASKETS:
            del self.baskets[0]
        if len(self.ids) > MAX_ORDERS:
            for column, amount in enumerate((1, self.nets[0], self.items[0])):
                self.crowded.add(self.days[0], column, amount)
            self._settle(1)
        return True

    def refund(self, refund: OrderRefunded, day: int) -> bool:
        """Give money back. True when the order no longer stands, for all of it was refunded."""
        self.forget(day)
        number = order_number(refund.order_id)
        if number not in self.ids:
            if refund.total:
                self.refunds.add(day, 0, refund.total)
            return False
        row = self.ids.index(number)
        left = self.nets[row]
        amount = left if refund.total is None else min(refund.total, left)
        if amount:
            self.refunds.add(day, 0, amount)
            self.refunded[number] = self.refunded.get(number, 0) + amount
        self.nets[row] -= amount
        self.net_total -= amount
        if self.nets[row]:
            return False
        self._remove(row)
        return True

    def cancel(self, cancelled: OrderCancelled, day: int) -> bool:
        """Undo an order. True when it stood until now."""
        self.forget(day)
        number = order_number(cancelled.order_id)
        if number not in self.ids:
            return False
        self._remove(self.ids.index(number))
        return True

    def _first_row(self, since: int) -> int:
        days = self.days
        return bisect_left(days, since) if days and days[0] < since else 0

    def _basket(self, row: int) -> int | None:
        # The newest orders have one, as long as there are any; so they are counted from the end.
        basket = len(self.baskets) - (len(self.ids) - row)
        return basket if basket >= 0 else None

    def _remove(self, row: int) -> None:
        if (basket := self._basket(row)) is not None:
            del self.baskets[basket]
        self.refunded.pop(self.ids[row], None)
        self.net_total -= self.nets[row]
        for column in (self.ids, self.ats, self.days, self.nets, self.items):
            del column[row]

    def forget(self, today: int) -> None:
        """Let the orders that have left every window sink into the totals."""
        oldest = today - MAX_WINDOW_DAYS + 1
        if self.days and self.days[0] < oldest:
            self._settle(bisect_left(self.days, oldest))
        self.crowded.forget(oldest)
        self.refunds.forget(oldest)

    def _settle(self, rows: int) -> None:
        if not self.before_orders:
            self.before_first = self.ats[0]
        self.before_last = self.ats[rows - 1]
        self.before_orders += rows
        sinking = sum(self.nets[:rows])
        self.before_revenue += sinking
        self.net_total -= sinking
        self.before_items += sum(self.items[:rows])
        for number in self.ids[:rows]:
            self.refunded.pop(number, None)
        for column in (self.ids, self.ats, self.days, self.nets, self.items):
            del column[:rows]

    def packed(self) -> bytes:
        """Its bytes."""
        one_by_one = (
            pack(f">{len(self.ids)}Q", *self.ids),
            in_steps(self.ats),
            in_steps(self.days),
            self.nets,
            self.items,
            self.refunded,
            self.crowded.packed(),
            self.refunds.packed(),
            self.baskets,
        )
        if not self.before_orders:
            return _encode(one_by_one)
        before = (self.before_orders, self.before_revenue, self.before_items, self.before_first, self.before_last)
        return _encode(one_by_one + before)

    @staticmethod
    def unpacked(packed: bytes) -> "Purchases":
        """Those of the bytes. Raises ``msgspec.DecodeError`` or ``struct.error``."""
        it = _decode(packed)
        return Purchases(
            ids=list(unpack(f">{len(it.ids) // 8}Q", it.ids)),
            ats=from_steps(it.ats),
            days=from_steps(it.days),
            nets=it.nets,
            items=it.items,
            refunded=it.refunded,
            crowded=unpacked(it.crowded),
            refunds=unpacked(it.refunds),
            baskets=it.baskets,
            net_total=sum(it.nets),
            before_orders=it.before_orders,
            before_revenue=it.before_revenue,
            before_items=it.before_items,
            before_first=it.before_first,
            before_last=it.before_last,
        )


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Purchases as they are stored: ids of 8 bytes, ``ats`` and ``days`` in steps, no totals where there are none."""

    ids: bytes
    ats: list[int]
    days: list[int]
    nets: list[int]
    items: list[int]
    refunded: dict[int, int]
    crowded: PackedDaily | None
    refunds: PackedDaily | None
    baskets: list[tuple[str, ...]]
    before_orders: int = 0
    before_revenue: int = 0
    before_items: int = 0
    before_first: int = 0
    before_last: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def order_number(order_id: str) -> int:
    """What an order is remembered by: 64 bits of BLAKE2b, for an id is only ever compared.

    Among the 256 orders of one customer, two different ids meet in one number with a chance below 2e-15.
    """
    return int.from_bytes(blake2b(order_id.encode(), digest_size=8).digest())


def no_purchases() -> Purchases:
    """A customer who has bought nothing."""
    return Purchases(
        ids=[],
        ats=[],
        days=[],
        nets=[],
        items=[],
        refunded={},
        crowded=nothing(),
        refunds=nothing(),
        baskets=[],
    )
