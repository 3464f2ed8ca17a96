"""Purchases: the orders that stand; a cancelled or refunded order is undone exactly for as long as it is remembered."""

from typing import NamedTuple

import msgspec

from schemas.events import OrderCancelled, OrderCompleted, OrderRefunded, OrderUpdated
from state.customer.baskets import Baskets, no_baskets
from state.customer.conversion import Conversion
from state.customer.daily_counts import Daily, no_counts
from state.customer.occasions import Occasions
from state.customer.order_archive import (
    COUPONS_COLUMN,
    DISCOUNTS_COLUMN,
    ITEMS_COLUMN,
    ORDERS_COLUMN,
    REVENUE_COLUMN,
    ArchivedOrder,
    OrderArchive,
    unpack_archive,
)
from state.customer.order_rows import OrderRows, no_rows, order_number
from state.customer.undone_orders import UndoneOrders

MAX_REMEMBERED = 10_000
MAX_ROWS = 96
BLOCK_ROWS = 64


class OrderMemory(NamedTuple):
    """How long a purchase occasion lasts (ms), and for how many days and how many at once orders are remembered.

    ``window_days`` are those of the longest window, for which what happened on a day is counted.
    Beyond ``max_rows``, the oldest ``block_rows`` move into the archive, but never those that have a basket. By the
    ``conversion``, money in another currency is taken off an order.
    """

    occasion_ms: int
    undo_days: int
    window_days: int
    most: int = MAX_REMEMBERED
    max_rows: int = MAX_ROWS
    block_rows: int = BLOCK_ROWS
    conversion: Conversion = Conversion()

    def oldest_day(self, day: int) -> int:
        """Return the first of the days whose orders are remembered on this day."""
        return day - self.undo_days + 1

    def first_day(self, day: int) -> int:
        """Return the first day of the longest window on this day."""
        return day - self.window_days + 1


class Purchases(msgspec.Struct, gc=False):
    """The orders that stand: the newest in ``rows``, the others in the ``archive``, and what they sum up to.

    ``undone`` are orders that stand no more. ``occasions`` is the number of purchase occasions, ``occasion_at`` the
    instant of the last one, and ``net_total`` the revenue of the rows. ``refunds`` is the money given back, by the day
    of the refund. ``baskets`` are those of the newest ten orders placed, without those undone. Money is in
    minor units. ``stored`` are the bytes of all this, none once it may have changed.
    """

    rows: OrderRows
    archive: OrderArchive
    undone: UndoneOrders
    refunds: Daily
    baskets: Baskets
    net_total: int = 0
    occasions: int = 0
    occasion_at: int = 0
    stored: bytes = b""

    def count(self) -> int:
        """Return the number of orders that stand, of all time."""
        return self.archive.totals.orders + len(self.rows.ids)

    def revenue(self) -> int:
        """Return the revenue of the orders that stand, less refunds, in minor units."""
        return self.archive.totals.revenue + self.net_total

    def item_count(self) -> int:
        """Return the number of items in the orders that stand."""
        return self.archive.totals.items + sum(self.rows.items)

    def first(self) -> int | None:
        """Return the instant of the first order that stands, which is that of the first occasion, or None."""
        totals, ats = self.archive.totals, self.rows.ats
        return totals.first if totals.orders else ats[0] if ats else None

    def last(self) -> int | None:
        """Return the instant of the last order that stands, or None."""
        totals, ats = self.archive.totals, self.rows.ats
        return ats[-1] if ats else totals.last if totals.orders else None

    def orders_since(self, since: int) -> int:
        """Return the number of orders placed from the day ``since`` on."""
        rows, older = self.rows, self.archive.by_day
        orders = len(rows.days) - rows.first_row(since)
        return orders + older.total(ORDERS_COLUMN, since) if older.days else orders

    def revenue_since(self, since: int) -> int:
        """Return the revenue of the orders placed from that day on, less refunds, in minor units."""
        older, row = self.archive.by_day, self.rows.first_row(since)
        revenue = sum(self.rows.nets[row:]) if row else self.net_total
        return revenue + older.total(REVENUE_COLUMN, since) if older.days else revenue

    def items_since(self, since: int) -> int:
        """Return the number of items in the orders placed from that day on."""
        rows, older = self.rows, self.archive.by_day
        items = sum(rows.items[rows.first_row(since) :])
        return items + older.total(ITEMS_COLUMN, since) if older.days else items

    def coupon_orders_since(self, since: int) -> int:
        """Return the number of orders with a coupon placed from that day on."""
        rows, older = self.rows, self.archive.by_day
        orders = rows.coupons(rows.first_row(since)) if rows.details else 0
        return orders + older.total(COUPONS_COLUMN, since) if older.days else orders

    def discount_since(self, since: int) -> int:
        """Return the discounts on the orders placed from that day on, in minor units."""
        rows, older = self.rows, self.archive.by_day
        discount = rows.discounts(rows.first_row(since)) if rows.details else 0
        return discount + older.total(DISCOUNTS_COLUMN, since) if older.days else discount

    def categories(self) -> tuple[str, ...]:
        """Return the categories of the newest ten orders, each once, newest order first."""
        return self.baskets.categories()

    def forgets(self, order_id: str, day: int, memory: OrderMemory) -> bool:
        """Tell whether an order is not remembered on a day on which some order of the customer is forgotten."""
        oldest = memory.oldest_day(day)
        return self.has_forgotten(oldest) and not self.knows(order_id, oldest)

    def knows(self, order_id: str, oldest: int) -> bool:
        """Tell whether an order is remembered: it stands, or was undone, on the day ``oldest`` or later."""
        number, rows = order_number(order_id), self.rows
        if self.undone.knows(number, oldest):
            return True
        if number in rows.ids:
            return rows.days[rows.ids.index(number)] >= oldest
        found = self.archive.find(number)
        return found is not None and found.block.days[found.row] >= oldest

    def has_forgotten(self, oldest: int) -> bool:
        """Tell whether some order is forgotten when those before the day ``oldest`` are."""
        if self.archive.forgotten.orders:
            return True
        first = self.archive.oldest_day() if self.archive.blocks else next(iter(self.rows.days), None)
        return first is not None and first < oldest

    def place(self, order: OrderCompleted | OrderUpdated, day: int, memory: OrderMemory) -> bool:
        """Add an order, or update one that stands; return whether there is one more order."""
        self.expire(day, memory)
        number, rows = order_number(order.order_id), self.rows
        if number in rows.ids:
            self._update(rows.ids.index(number), order)
            return False
        if (found := self.archive.find(number)) is not None:
            self.archive.update(found, order, memory.first_day(day))
            return False
        if isinstance(order, OrderUpdated) or not self.undone.lets_place(number, order):
            return False
        rows.add(number, order, day)
        self.net_total += order.total
        occasions = Occasions(self.occasions, self.occasion_at).after((order.at,), memory.occasion_ms)
        self.occasions, self.occasion_at = occasions.number, occasions.last
        self.baskets.add(order.categories)
        if len(rows.ids) > memory.max_rows:
            self.archive.add(self._taken(memory.block_rows), memory.first_day(day), memory.occasion_ms)
        if self.count() - self.archive.forgotten.orders > memory.most:
            if self.archive.blocks:
                self.archive.forget_oldest(memory.occasion_ms)
            else:
                self.archive.add_forgotten(self._taken(1), memory.first_day(day), memory.occasion_ms)
        return True

    def refund(self, refund: OrderRefunded, day: int, memory: OrderMemory) -> bool:
        """Give money back; return whether the order was refunded in full, and no longer stands."""
        self.expire(day, memory)
        number, rows = order_number(refund.order_id), self.rows
        if number in rows.ids:
            row = rows.ids.index(number)
            net = rows.nets[row]
            stands = rows.refund(row, refund, memory.conversion)
            taken = net - rows.nets[row]
            self.net_total -= taken
            if not stands:
                self._remove(row, day, memory)
        elif (found := self.archive.find(number)) is not None:
            net = found.block.nets[found.row]
            stands = self.archive.refund(found, refund, memory.first_day(day), memory.conversion)
            taken = net - found.block.nets[found.row]
            if not stands:
                self._remove_archived(found, day, memory)
        else:
            stands, taken = True, refund.total or 0
            if self.archive.forgotten.orders and not self.undone.knows(number):
                taken = 0  # it may be of a forgotten order: it is rejected where that can be told
        if taken:
            self.refunds.add(day, 0, taken)
        return not stands

    def cancel(self, cancelled: OrderCancelled, day: int, memory: OrderMemory) -> bool:
        """Undo an order; return whether it stood until now."""
        self.expire(day, memory)
        number, ids = order_number(cancelled.order_id), self.rows.ids
        if number in ids:
            self._remove(ids.index(number), day, memory)
            return True
        if (found := self.archive.find(number)) is not None:
            self._remove_archived(found, day, memory)
        return found is not None

    def expire(self, today: int, memory: OrderMemory) -> None:
        """Forget the orders that lie too far back to be undone, and what has left every window."""
        oldest, archive, days = memory.oldest_day(today), self.archive, self.rows.days
        first_day = memory.first_day(today)
        self.stored = b""
        if archive.blocks:
            archive.forget_before(oldest, memory.occasion_ms)
        if days and days[0] < oldest:
            archive.add_forgotten(self._taken(self.rows.first_row(oldest)), first_day, memory.occasion_ms)
        self.undone.drop_before(oldest)
        archive.by_day.drop_before(first_day)
        self.refunds.drop_before(first_day)

    def recount(self, memory: OrderMemory) -> None:
        """Count the occasions of the remembered orders again."""
        self.stored = b""
        self.archive.recount(memory.occasion_ms)
        self._recount_rows(memory)

    def _recount_rows(self, memory: OrderMemory) -> None:
        occasions = self.archive.totals.occasions_after(self.rows.ats, memory.occasion_ms)
        self.occasions, self.occasion_at = occasions.number, occasions.last

    def _basket(self, row: int) -> int | None:
        # The newest orders have a basket each, so the rows are matched from the end.
        basket = len(self.baskets) - (len(self.rows.ids) - row)
        return basket if basket >= 0 else None

    def _update(self, row: int, order: OrderCompleted | OrderUpdated) -> None:
        self.net_total -= self.rows.nets[row]
        self.rows.update(row, order)
        self.net_total += self.rows.nets[row]
        if (basket := self._basket(row)) is not None:
            self.baskets.replace(basket, order.categories)

    def _taken(self, count: int) -> OrderRows:
        taken = self.rows.take(count)
        self.net_total -= sum(taken.nets)
        return taken

    def _remove(self, row: int, day: int, memory: OrderMemory) -> None:
        if (basket := self._basket(row)) is not None:
            self.baskets.remove(basket)
        self.net_total -= self.rows.nets[row]
        self.undone.add(self.rows.ids[row], day, memory.most)
        self.rows.remove(row)
        self._recount_rows(memory)

    def _remove_archived(self, found: ArchivedOrder, day: int, memory: OrderMemory) -> None:
        self.undone.add(found.block.ids[found.row], day, memory.most)
        self.archive.remove(found, memory.first_day(day), memory.occasion_ms)
        self._recount_rows(memory)


def no_purchases() -> Purchases:
    """Return the purchases of a customer who has bought nothing."""
    return Purchases(
        rows=no_rows(),
        archive=unpack_archive(None),
        undone=UndoneOrders({}),
        refunds=no_counts(),
        baskets=no_baskets(),
    )
