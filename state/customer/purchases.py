"""Purchases: the orders that stand; a cancelled or refunded order is undone exactly."""

from bisect import bisect_left
from hashlib import blake2b
from struct import pack, unpack

import msgspec

from schemas.events import OrderCancelled, OrderCompleted, OrderRefunded, OrderUpdated
from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily
from state.customer.delta_coding import delta_decode, delta_encode

MAX_WINDOW_DAYS = 365
MAX_ORDERS = 256
MAX_BASKETS = 10
ORDERS_COLUMN, REVENUE_COLUMN, ITEMS_COLUMN = range(3)


class Purchases(msgspec.Struct, gc=False):
    """The orders that stand: those of the last 365 days one by one (the newest 256), and totals of all before them.

    ``ids`` (see ``order_number``), ``ats`` (instants), ``days``, ``nets`` (what is left of the totals after refunds;
    ``net_total`` is the sum) and ``items`` have one row per order, in order of event time. ``refunded`` is, by id, the
    money given back of an order that still stands. ``before_*`` are totals of the orders that have no row any more; of
    these, the ones of the last 365 days are counted by day in ``overflow``. ``refunds`` is the money given back, by the
    day of the refund. ``baskets`` are the categories of the newest ten orders placed, without those undone. Money is in
    minor units.
    """

    ids: list[int]
    ats: list[int]
    days: list[int]
    nets: list[int]
    items: list[int]
    refunded: dict[int, int]
    overflow: Daily
    refunds: Daily
    baskets: list[tuple[str, ...]]
    net_total: int = 0
    before_orders: int = 0
    before_revenue: int = 0
    before_items: int = 0
    before_first: int = 0
    before_last: int = 0

    def count(self) -> int:
        """Return the number of orders that stand, of all time."""
        return self.before_orders + len(self.ids)

    def revenue(self) -> int:
        """Return the revenue of the orders that stand, less refunds, in minor units."""
        return self.before_revenue + self.net_total

    def item_count(self) -> int:
        """Return the number of items in the orders that stand."""
        return self.before_items + sum(self.items)

    def first(self) -> int | None:
        """Return the instant of the first order that stands, or None."""
        if self.before_orders:
            return self.before_first
        return self.ats[0] if self.ats else None

    def last(self) -> int | None:
        """Return the instant of the last order that stands, or None."""
        if self.ats:
            return self.ats[-1]
        return self.before_last if self.before_orders else None

    def orders_since(self, since: int) -> int:
        """Return the number of orders placed from the day ``since`` on."""
        overflow = self.overflow
        rows = len(self.days) - self._first_row(since)
        return rows + overflow.total(ORDERS_COLUMN, since) if overflow.days else rows

    def revenue_since(self, since: int) -> int:
        """Return the revenue of the orders placed from that day on, less refunds, in minor units."""
        overflow = self.overflow
        row = self._first_row(since)
        revenue = sum(self.nets[row:]) if row else self.net_total
        return revenue + overflow.total(REVENUE_COLUMN, since) if overflow.days else revenue

    def items_since(self, since: int) -> int:
        """Return the number of items in the orders placed from that day on."""
        overflow = self.overflow
        items = sum(self.items[self._first_row(since) :])
        return items + overflow.total(ITEMS_COLUMN, since) if overflow.days else items

    def categories(self) -> tuple[str, ...]:
        """Return the categories of the newest ten orders, each once, newest order first."""
        return tuple(dict.fromkeys(name for names in reversed(self.baskets) for name in names))

    def place(self, order: OrderCompleted | OrderUpdated, day: int) -> bool:
        """Add an order, or update the amounts of one that stands; return whether there is one more order."""
        self.expire(day)
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
            day = self.days[0]
            self.overflow.add(day, ORDERS_COLUMN)
            self.overflow.add(day, REVENUE_COLUMN, self.nets[0])
            self.overflow.add(day, ITEMS_COLUMN, self.items[0])
            self._add_to_totals(1)
        return True

    def refund(self, refund: OrderRefunded, day: int) -> bool:
        """Give money back; return whether the order was refunded in full, and no longer stands."""
        self.expire(day)
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
        """Undo an order; return whether it stood until now."""
        self.expire(day)
        number = order_number(cancelled.order_id)
        if number not in self.ids:
            return False
        self._remove(self.ids.index(number))
        return True

    def _first_row(self, since: int) -> int:
        days = self.days
        return bisect_left(days, since) if days and days[0] < since else 0

    def _basket(self, row: int) -> int | None:
        # The newest orders have a basket each, so the rows are matched from the end.
        basket = len(self.baskets) - (len(self.ids) - row)
        return basket if basket >= 0 else None

    def _remove(self, row: int) -> None:
        if (basket := self._basket(row)) is not None:
            del self.baskets[basket]
        self.refunded.pop(self.ids[row], None)
        self.net_total -= self.nets[row]
        for column in (self.ids, self.ats, self.days, self.nets, self.items):
            del column[row]

    def expire(self, today: int) -> None:
        """Move the orders that have left every window into the totals."""
        oldest = today - MAX_WINDOW_DAYS + 1
        if self.days and self.days[0] < oldest:
            self._add_to_totals(bisect_left(self.days, oldest))
        self.overflow.drop_before(oldest)
        self.refunds.drop_before(oldest)

    def _add_to_totals(self, rows: int) -> None:
        if not self.before_orders:
            self.before_first = self.ats[0]
        self.before_last = self.ats[rows - 1]
        self.before_orders += rows
        revenue = sum(self.nets[:rows])
        self.before_revenue += revenue
        self.net_total -= revenue
        self.before_items += sum(self.items[:rows])
        for number in self.ids[:rows]:
            self.refunded.pop(number, None)
        for column in (self.ids, self.ats, self.days, self.nets, self.items):
            del column[:rows]

    def packed(self) -> bytes:
        """Return the bytes."""
        one_by_one = (
            pack(f">{len(self.ids)}Q", *self.ids),
            delta_encode(self.ats),
            delta_encode(self.days),
            self.nets,
            self.items,
            self.refunded,
            self.overflow.packed(),
            self.refunds.packed(),
            self.baskets,
        )
        if not self.before_orders:
            return _encode(one_by_one)
        before = (self.before_orders, self.before_revenue, self.before_items, self.before_first, self.before_last)
        return _encode(one_by_one + before)

    @staticmethod
    def unpacked(packed: bytes) -> "Purchases":
        """Return what the bytes hold. Raises ``msgspec.DecodeError`` or ``struct.error``."""
        it = _decode(packed)
        return Purchases(
            ids=list(unpack(f">{len(it.ids) // 8}Q", it.ids)),
            ats=delta_decode(it.ats),
            days=delta_decode(it.days),
            nets=it.nets,
            items=it.items,
            refunded=it.refunded,
            overflow=unpack_daily(it.overflow),
            refunds=unpack_daily(it.refunds),
            baskets=it.baskets,
            net_total=sum(it.nets),
            before_orders=it.before_orders,
            before_revenue=it.before_revenue,
            before_items=it.before_items,
            before_first=it.before_first,
            before_last=it.before_last,
        )


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Purchases as stored: ids of 8 bytes, ``ats`` and ``days`` as deltas, no totals where there are none."""

    ids: bytes
    ats: list[int]
    days: list[int]
    nets: list[int]
    items: list[int]
    refunded: dict[int, int]
    overflow: PackedDaily | None
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
    """Return the number by which an order is remembered: 64 bits of BLAKE2b, since an id is only ever compared.

    Among the 256 orders of one customer, two different ids have the same number with a chance below 2e-15.
    """
    return int.from_bytes(blake2b(order_id.encode(), digest_size=8).digest())


def no_purchases() -> Purchases:
    """Return the purchases of a customer who has bought nothing."""
    return Purchases(
        ids=[], ats=[], days=[], nets=[], items=[], refunded={}, overflow=no_counts(), refunds=no_counts(), baskets=[]
    )
