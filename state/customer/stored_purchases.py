"""Purchases as they are stored: few bytes for the many customers with few orders."""

import msgspec

from state.customer.baskets import Baskets
from state.customer.daily_counts import PackedDaily, unpack_daily
from state.customer.empty_end import without_empty_end
from state.customer.order_archive import PackedArchive, unpack_archive
from state.customer.order_rows import PackedRows, unpack_rows
from state.customer.purchases import Purchases
from state.customer.undone_orders import PackedUndone, unpack_undone


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Purchases as stored, without what is empty at the end.

    ``categories`` and ``baskets`` are those of ``Baskets``. ``same_occasion`` is the number of
    orders that began no occasion, ``since_occasion`` the ms from the beginning of the last occasion to the last order.
    """

    rows: PackedRows = msgspec.field(default_factory=PackedRows)
    refunds: PackedDaily | None = None
    categories: list[str] = []
    baskets: list[list[int]] = []
    same_occasion: int = 0
    since_occasion: int = 0
    undone: PackedUndone | None = None
    archive: PackedArchive | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def pack_purchases(purchases: Purchases) -> bytes:
    """Return the bytes of purchases, which are made again only after a change."""
    if purchases.stored:
        return purchases.stored
    purchases.baskets.tidy()
    stored: tuple[object, ...] = (
        purchases.rows.packed(),
        purchases.refunds.packed(),
        purchases.baskets.names,
        purchases.baskets.places,
        purchases.count() - purchases.occasions,
        (purchases.last() or 0) - purchases.occasion_at,
        purchases.undone.packed(),
        purchases.archive.packed(),
    )
    purchases.stored = _encode(without_empty_end(stored))
    return purchases.stored


def unpack_purchases(packed: bytes) -> Purchases:
    """Return the purchases of the bytes. Raises ``msgspec.DecodeError`` or ``struct.error``."""
    it = _decode(packed)
    rows = unpack_rows(it.rows)
    purchases = Purchases(
        rows=rows,
        archive=unpack_archive(it.archive),
        undone=unpack_undone(it.undone),
        refunds=unpack_daily(it.refunds),
        baskets=Baskets(it.categories, it.baskets),
        net_total=sum(rows.nets),
    )
    purchases.occasions = purchases.count() - it.same_occasion
    purchases.occasion_at = (purchases.last() or 0) - it.since_occasion
    purchases.stored = packed
    return purchases
