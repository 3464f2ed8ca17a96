"""Order rows: orders that are known by their id, one row each, and the bytes of a block of them."""

from bisect import bisect_left
from fractions import Fraction
from hashlib import blake2b
from itertools import accumulate
from math import ceil
from operator import sub
from struct import pack, unpack

import msgspec
from msgspec.structs import astuple

from schemas.events import OrderCompleted, OrderRefunded, OrderUpdated
from schemas.money import MILLION, decimals
from state.customer.conversion import Conversion
from state.customer.delta_coding import DAY_MS, delta_encode
from state.customer.empty_end import without_empty_end


class RowDetails(msgspec.Struct, array_like=True, gc=False):
    """What only few orders have: money given back, an amount in a currency of its own, a discount, a coupon.

    ``refunded`` is in minor units of the policy's currency. ``stated`` and ``left`` are the order's amount before and
    after refunds, in millionths of its own ``currency``, which is None for the policy's; an order in that has them from
    its first refund in another currency on. ``slack`` is how far off such refunds may be, since each was rounded.
    """

    refunded: int = 0
    discount: int = 0
    coupon: bool = False
    currency: str | None = None
    stated: int = 0
    left: int = 0
    slack: int = 0

    def packed(self) -> tuple[object, ...]:
        """Return the details as they are stored."""
        return without_empty_end(astuple(self))


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
        elif known is not None and (known.refunded or known.left < known.stated or known.slack):
            details = details or RowDetails()
            details.refunded, details.left, details.slack = known.refunded, known.left, known.slack
            details.stated = known.stated
        self.items[row] = order.items
        if details is not None:
            self.details[number] = details
        else:
            self.details.pop(number, None)

    def refund(self, row: int, refund: OrderRefunded, conversion: Conversion) -> bool:
        """Take money off an order, at most what is left of it; return whether something is left."""
        net = self.nets[row]
        if refund.total is None:
            self.nets[row] = 0
            return False
        number = self.ids[row]
        details = self.details.get(number)
        is_home = details is None or details.currency is None
        is_converted = is_home and refund.own is not None and refund.own.currency is not None
        if details is None and (refund.total or is_converted):
            details = self.details[number] = RowDetails()
        if details is not None and is_converted and not details.stated:
            details.stated = (net + details.refunded) * MILLION // conversion.unit
            details.left = net * MILLION // conversion.unit
        if details is not None and details.stated:
            return self._refund_own(row, refund, details, conversion)
        taken = min(refund.total, net)
        if taken and details is not None:
            details.refunded += taken
        self.nets[row] = net - taken
        return taken < net

    def _refund_own(self, row: int, refund: OrderRefunded, details: RowDetails, conversion: Conversion) -> bool:
        # In the order's own currency and at its own rate. Each refund takes the same whenever it comes, and is rounded
        # up, so that no more is left than the refunds themselves were rounded by.
        worth = self.nets[row] + details.refunded
        own, currency, stated = refund.own, details.currency, details.stated
        if own is not None and currency is not None and own.currency in (None, currency):
            details.left -= min(own.millionths, details.left)
        elif currency is None and (own is None or own.currency is None):
            details.left -= min((refund.total or 0) * MILLION // conversion.unit, details.left)
        elif not worth:
            details.left = 0
        else:
            amount = conversion.amount(refund)
            details.left -= min(ceil(amount.exact * stated / worth), details.left)
            details.slack = min(details.slack + ceil(amount.half_unit * stated / worth), stated)
        unit = MILLION // (conversion.unit if currency is None else 10 ** decimals(currency))
        if _is_nothing(details, worth, unit):
            details.left = 0
        self.nets[row] = round(Fraction(worth * details.left, stated))
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

    def packed(self) -> tuple[object, ...]:
        """Return the rows as they are stored (see ``PackedRows``)."""
        ids, ats, details = self.ids, self.ats, self.details
        first = ats[0] // DAY_MS if ats else 0
        later = [*map(sub, self.days, map(DAY_MS.__rfloordiv__, ats))]
        fields = (
            pack(f">{len(ids)}Q", *ids),
            first,
            [ats[0] - first * DAY_MS, *delta_encode(ats)[1:]] if ats else [],
            later[0] if len(set(later)) == 1 else later,
            self.nets,
            self.items,
            {row: details[it].packed() for row, it in enumerate(ids) if it in details} if details else None,
        )
        return without_empty_end(fields)


class PackedRows(msgspec.Struct, array_like=True, gc=False):
    """Order rows as stored: ids of 8 bytes, details by row.

    ``ats`` are deltas, and begin with the first day, in UTC. ``days`` are how many days later than in UTC it is, in one
    number if that is the same for all.
    """

    ids: bytes = b""
    first: int = 0
    ats: list[int] = []
    days: int | list[int] = []
    nets: list[int] = []
    items: list[int] = []
    details: dict[int, RowDetails] | None = None


def unpack_rows(packed: PackedRows) -> OrderRows:
    """Return the rows that were stored; they take over the columns. Raises ``struct.error`` or ``ValueError``."""
    ids = list(unpack(f">{len(packed.ids) // 8}Q", packed.ids))
    ats, days = list(accumulate(packed.ats, initial=packed.first * DAY_MS)), packed.days
    del ats[0]  # where the first day begins
    if isinstance(days, int):
        days = [at // DAY_MS + days for at in ats]
    else:
        days = [at // DAY_MS + it for at, it in zip(ats, days, strict=True)]
    details = {ids[row]: it for row, it in packed.details.items()} if packed.details else {}
    return OrderRows(
        ids,
        ats,
        days,
        packed.nets,
        packed.items,
        details,
    )


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
    return order.total == net + known.refunded and _own(said) == _own(known)


def _own(details: RowDetails) -> tuple[str | None, int]:
    return details.currency, 0 if details.currency is None else details.stated


def _is_nothing(details: RowDetails, worth: int, unit: int) -> bool:
    """Tell whether what is left of an order is less than half a smallest unit, or no more than it was rounded by."""
    if 2 * details.left < unit:
        return True
    by_worth = 0 if details.currency is None else ceil(Fraction(details.stated, 2 * worth)) if worth else 0
    return details.slack > 0 and details.left <= details.slack + by_worth
