"""Order rows: orders that are known by their id, one row each, and the bytes of a block of them."""

from bisect import bisect_left
from hashlib import blake2b
from struct import pack, unpack

import msgspec

from schemas.events import OrderCompleted, OrderRefunded, OrderUpdated
from state.customer.delta_coding import delta_decode, delta_encode


class RowDetails(msgspec.Struct, array_like=True, gc=False):
    """What only few orders have: money given back, an amount in a currency of its own, a discount, a coupon.

    ``refunded`` is in minor units of the policy's currency. ``stated`` and ``left`` are the order's amount before and
    after refunds, in millionths of its own ``currency``, which is None for the policy's.
    """

    refunded: int = 0
    discount: int = 0
    coupon: bool = False
    currency: str | None = None
    stated: int = 0
    left: int = 0


class OrderRows(msgspec.Struct, gc=False):
    """Orders that stand, in order of event time: one row in every column.

    ``ids`` (see ``order_number``), ``ats`` (instants), ``days``, ``nets`` (what is left of the amounts after refunds,
    in minor units) and ``items``. ``details`` are by id, for the orders that have any.
    """

    ids: list[int]
    ats: list[int]
    days: list[int]
    nets: list[int]
    items: list[int]
    details: dict[int, RowDetails]

    def add(self, number: int, order: OrderCompleted, day: int) -> None:
        """Add an order at the end."""
        self.ids.append(number)
        self.ats.append(order.at)
        self.days.append(day)
        self.nets.append(order.total)
        self.items.append(order.items)
        if order.details is not None and (details := stated_details(order)) is not None:
            self.details[number] = details

    def update(self, row: int, order: OrderCompleted | OrderUpdated) -> None:
        """Give an order what it is said to be; one that is only sent again keeps what was given back of it."""
        number = self.ids[row]
        known, details = self.details.get(number), stated_details(order)
        if isinstance(order, OrderUpdated) or not _is_sent_again(order, self.nets[row], known, details):
            self.nets[row] = order.total
        elif known is not None and (known.refunded or known.left < known.stated):
            details = details or RowDetails()
            details.refunded, details.left = known.refunded, known.left
        self.items[row] = order.items
        if details is not None:
            self.details[number] = details
        else:
            self.details.pop(number, None)

    def refund(self, row: int, refund: OrderRefunded) -> bool:
        """Take money off an order, at most what is left of it; return whether something is left."""
        net = self.nets[row]
        if refund.total is None:
            self.nets[row] = 0
            return False
        number = self.ids[row]
        details = self.details.get(number)
        if details is not None and details.stated:
            return self._refund_own(row, refund, refund.total, details)
        taken = min(refund.total, net)
        if taken:
            if details is None:
                details = self.details[number] = RowDetails()
            details.refunded += taken
        self.nets[row] = net - taken
        return taken < net

    def _refund_own(self, row: int, refund: OrderRefunded, total: int, details: RowDetails) -> bool:
        # In the order's own currency and at its own rate, so that parts which add up to the whole leave nothing.
        net = self.nets[row]
        worth = net + details.refunded
        if refund.own is not None and refund.own.currency in (None, details.currency):
            taken = refund.own.millionths
        else:
            taken = _divided(total * details.stated, worth) if worth else details.left
        details.left = max(details.left - taken, 0)
        self.nets[row] = _divided(worth * details.left, details.stated)
        details.refunded = worth - self.nets[row]
        return details.left > 0

    def remove(self, row: int) -> None:
        """Remove an order."""
        self.details.pop(self.ids[row], None)
        for column in (self.ids, self.ats, self.days, self.nets, self.items):
            del column[row]

    def take(self, count: int) -> "OrderRows":
        """Remove the oldest orders and return them."""
        taken = OrderRows(
            self.ids[:count], self.ats[:count], self.days[:count], self.nets[:count], self.items[:count], {}
        )
        if self.details:
            taken.details = {it: self.details.pop(it) for it in taken.ids if it in self.details}
        for column in (self.ids, self.ats, self.days, self.nets, self.items):
            del column[:count]
        return taken

    def first_row(self, since: int) -> int:
        """Return the row of the first order from the day ``since`` on."""
        days = self.days
        return bisect_left(days, since) if days and days[0] < since else 0

    def coupons(self, row: int) -> int:
        """Return how many orders from a row on had a coupon."""
        details = self.details
        return sum(it in details and details[it].coupon for it in self.ids[row:]) if details else 0

    def discounts(self, row: int) -> int:
        """Return the discounts of the orders from a row on, in minor units."""
        details = self.details
        return sum(details[it].discount for it in self.ids[row:] if it in details) if details else 0

    def packed(self) -> "PackedRows":
        """Return the rows as they are stored."""
        ids, details = self.ids, self.details
        return PackedRows(
            pack(f">{len(ids)}Q", *ids),
            delta_encode(self.ats),
            delta_encode(self.days),
            self.nets,
            self.items,
            {row: details[it] for row, it in enumerate(ids) if it in details} if details else None,
        )


class PackedRows(msgspec.Struct, array_like=True, gc=False):
    """Order rows as stored: ids of 8 bytes, ``ats`` and ``days`` as deltas, details by row."""

    ids: bytes
    ats: list[int]
    days: list[int]
    nets: list[int]
    items: list[int]
    details: dict[int, RowDetails] | None


def unpack_rows(packed: PackedRows) -> OrderRows:
    """Return the rows that were stored; they take over the columns. Raises ``struct.error``."""
    ids = list(unpack(f">{len(packed.ids) // 8}Q", packed.ids))
    details = {ids[row]: it for row, it in packed.details.items()} if packed.details else {}
    return OrderRows(ids, delta_decode(packed.ats), delta_decode(packed.days), packed.nets, packed.items, details)


def no_rows() -> OrderRows:
    """Return rows without an order."""
    return OrderRows([], [], [], [], [], {})


def order_number(order_id: str) -> int:
    """Return the number by which an order is remembered: 64 bits of BLAKE2b, since an id is only ever compared.

    Among 20,000 orders of one customer, two different ids have the same number with a chance below 2e-11.
    """
    return int.from_bytes(blake2b(order_id.encode(), digest_size=8).digest())


def stated_details(order: OrderCompleted | OrderUpdated) -> RowDetails | None:
    """Return what an event says of an order besides its amount, items and categories; None if nothing."""
    said = order.details
    if said is None or (said.own is None and not said.discount and not said.coupon):
        return None
    details = RowDetails(discount=said.discount, coupon=said.coupon)
    if said.own is not None:
        details.currency = said.own.currency
        details.stated = details.left = said.own.millionths
    return details


def _is_sent_again(order: OrderCompleted, net: int, known: RowDetails | None, said: RowDetails | None) -> bool:
    known, said = known or RowDetails(), said or RowDetails()
    return order.total == net + known.refunded and (said.currency, said.stated) == (known.currency, known.stated)


def _divided(amount: int, by: int) -> int:
    """Return a quotient as a whole number, half to even."""
    quotient, rest = divmod(amount, by)
    return quotient + (2 * rest > by or (2 * rest == by and quotient & 1))
