"""The archive: orders that are too many or too old for rows. Blocks of them are decoded only to be changed."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import structs

from schemas.events import OrderCompleted, OrderRefunded, OrderUpdated
from state.customer.conversion import Conversion
from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily
from state.customer.occasions import Occasions
from state.customer.order_rows import OrderRows, PackedRows, unpack_rows

ORDERS_COLUMN, REVENUE_COLUMN, ITEMS_COLUMN, COUPONS_COLUMN, DISCOUNTS_COLUMN = range(5)


class OrderTotals(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Sums over the orders until some instant, and their occasions. Money is in minor units.

    ``gap_squares`` are the squares of the gaps between the occasions, added up: bytes, since they are beyond 64 bits.
    """

    orders: int = 0
    revenue: int = 0
    items: int = 0
    first: int = 0
    last: int = 0
    occasions: int = 0
    occasion_at: int = 0
    gap_squares: bytes = b""

    def occasions_after(self, ats: Sequence[int], occasion_ms: int) -> Occasions:
        """Return the occasions of these orders and of further ones, whose instants ascend."""
        before = Occasions(self.occasions, self.occasion_at, int.from_bytes(self.gap_squares))
        return before.after(ats, occasion_ms)

    def after(self, rows: OrderRows, occasion_ms: int) -> "OrderTotals":
        """Return the totals of these orders and of further ones, which come after all of them."""
        ats = rows.ats
        if not ats:
            return self
        occasions = self.occasions_after(ats, occasion_ms)
        return OrderTotals(
            orders=self.orders + len(ats),
            revenue=self.revenue + sum(rows.nets),
            items=self.items + sum(rows.items),
            first=self.first if self.orders else ats[0],
            last=ats[-1],
            occasions=occasions.number,
            occasion_at=occasions.last,
            gap_squares=occasions.squares.to_bytes((occasions.squares.bit_length() + 7) // 8),
        )


NO_TOTALS = OrderTotals()


class ArchivedOrder(NamedTuple):
    """An order that was found in the archive: the place of its block, the decoded block, and its row there."""

    place: int
    block: OrderRows
    row: int


class OrderArchive(msgspec.Struct, gc=False):
    """The orders before those that have rows: remembered ones in ``blocks``, oldest first, and forgotten ones.

    ``totals`` are those of all of them, ``forgotten`` of those that are in no block. ``by_day`` counts those that a
    window may hold: ``since`` is the first day of the longest one.
    """

    totals: OrderTotals
    forgotten: OrderTotals
    blocks: list[bytes]
    by_day: Daily

    def add(self, rows: OrderRows, since: int, occasion_ms: int) -> None:
        """Add orders as a block; they come after all others."""
        self._take_over(rows, since, occasion_ms)
        self.blocks.append(_encode(rows.packed()))

    def add_forgotten(self, rows: OrderRows, since: int, occasion_ms: int) -> None:
        """Add orders to those forgotten; only while there is no block."""
        self._take_over(rows, since, occasion_ms)
        self.forgotten = self.totals

    def find(self, number: int) -> ArchivedOrder | None:
        """Return a remembered order by its number, or None."""
        pattern = number.to_bytes(8)
        for place, block in enumerate(self.blocks):
            if pattern in block:
                rows = _unpack(block)
                if number in rows.ids:
                    return ArchivedOrder(place, rows, rows.ids.index(number))
        return None

    def oldest_day(self) -> int | None:
        """Return the day of the oldest order that is remembered."""
        return _decode_first(self.blocks[0]).day if self.blocks else None

    def update(self, found: ArchivedOrder, order: OrderCompleted | OrderUpdated, since: int) -> None:
        """Give an order what it is said to be."""
        self._count(found, since, -1)
        found.block.update(found.row, order)
        self._count(found, since, 1)
        self._replace(found.place, found.block)

    def refund(self, found: ArchivedOrder, refund: OrderRefunded, since: int, conversion: Conversion) -> bool:
        """Take money off an order; return whether something is left."""
        self._count(found, since, -1)
        is_left = found.block.refund(found.row, refund, conversion)
        self._count(found, since, 1)
        self._replace(found.place, found.block)
        return is_left

    def remove(self, found: ArchivedOrder, since: int, occasion_ms: int) -> None:
        """Remove an order."""
        self._count_by_day(found.block, found.row, since, -1)
        found.block.remove(found.row)
        self._replace(found.place, found.block)
        self.recount(occasion_ms)

    def forget_before(self, day: int, occasion_ms: int) -> None:
        """Forget the orders before a day."""
        while (oldest := self.oldest_day()) is not None and oldest < day:
            block = _unpack(self.blocks[0])
            self._forget(block, bisect_left(block.days, day), occasion_ms)

    def forget_oldest(self, occasion_ms: int) -> None:
        """Forget the oldest order; only while there is a block."""
        self._forget(_unpack(self.blocks[0]), 1, occasion_ms)

    def recount(self, occasion_ms: int) -> None:
        """Count the remembered orders again."""
        totals = self.forgotten
        for block in self.blocks:
            totals = totals.after(_unpack(block), occasion_ms)
        self.totals = totals
        if not totals.orders:
            self.by_day = no_counts()

    def _take_over(self, rows: OrderRows, since: int, occasion_ms: int) -> None:
        for row in range(len(rows.ids)):
            self._count_by_day(rows, row, since, 1)
        self.totals = self.totals.after(rows, occasion_ms)

    def _forget(self, block: OrderRows, count: int, occasion_ms: int) -> None:
        self.forgotten = self.forgotten.after(block.take(count), occasion_ms)
        self._replace(0, block)

    def _replace(self, place: int, block: OrderRows) -> None:
        if block.ids:
            self.blocks[place] = _encode(block.packed())
        else:
            del self.blocks[place]

    def _count(self, found: ArchivedOrder, since: int, sign: int) -> None:
        block, row, totals = found.block, found.row, self.totals
        self._count_by_day(block, row, since, sign)
        self.totals = structs.replace(
            totals,
            revenue=totals.revenue + sign * block.nets[row],
            items=totals.items + sign * block.items[row],
        )

    def _count_by_day(self, rows: OrderRows, row: int, since: int, sign: int) -> None:
        day, details = rows.days[row], rows.details.get(rows.ids[row])
        if day < since:
            return
        self.by_day.add(day, ORDERS_COLUMN, sign)
        self.by_day.add(day, REVENUE_COLUMN, sign * rows.nets[row])
        self.by_day.add(day, ITEMS_COLUMN, sign * rows.items[row])
        if details is not None and details.coupon:
            self.by_day.add(day, COUPONS_COLUMN, sign)
        if details is not None and details.discount:
            self.by_day.add(day, DISCOUNTS_COLUMN, sign * details.discount)

    def packed(self) -> "PackedArchive | None":
        """Return the archive as it is stored; None where it is empty."""
        if not self.totals.orders:
            return None
        return PackedArchive(self.totals, self.by_day.packed(), self.blocks, self.forgotten if self.blocks else None)


class PackedArchive(msgspec.Struct, array_like=True, gc=False):
    """The archive as stored; without blocks, all of its orders are forgotten."""

    totals: OrderTotals
    by_day: PackedDaily | None
    blocks: list[bytes]
    forgotten: OrderTotals | None


def unpack_archive(packed: PackedArchive | None) -> OrderArchive:
    """Return the archive that was stored."""
    if packed is None:
        return OrderArchive(NO_TOTALS, NO_TOTALS, [], no_counts())
    return OrderArchive(packed.totals, packed.forgotten or packed.totals, packed.blocks, unpack_daily(packed.by_day))


class _First(msgspec.Struct, array_like=True, gc=False):
    """The beginning of ``PackedRows``, of which only the day of the first order is read."""

    ids: msgspec.Raw
    first: int
    ats: msgspec.Raw
    days: int | list[int]

    @property
    def day(self) -> int:
        """The day of the first order."""
        return self.first + (self.days if isinstance(self.days, int) else self.days[0])


def _unpack(block: bytes) -> OrderRows:
    return unpack_rows(_decode(block))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(PackedRows).decode
_decode_first = msgspec.msgpack.Decoder(_First).decode
