"""Snapshots of version 4, as its last commit wrote them, turned into version 5.

The rows of orders and the last instants of aggregates are stored as distances from days, the categories of baskets
once, and of a customer the fields that few have come last.
"""

from itertools import accumulate, chain

import msgspec
from msgspec import Raw

from state.customer.packing import PackingError
from state.timeline.compression import compressed, decompressed

_VERSION = 5
_HEADER_BYTES = 14
_NAMED_STAGE = 255
_DAY_MS = 86_400_000

_FIELDS = 25
_PURCHASES, _ENGAGEMENT, _SUPPORT, _PAST_STAYS, _ACTIVITY, _STEPS = 3, 4, 5, 13, 19, 20
"""Places of fields in a customer of version 4, which has so many."""


class _Rows(msgspec.Struct, array_like=True, gc=False):
    ids: bytes
    ats: list[int]
    days: list[int]
    nets: Raw
    items: Raw
    details: Raw


class _Purchases(msgspec.Struct, array_like=True, gc=False):
    rows: _Rows
    refunds: Raw = Raw(b"\xc0")
    baskets: list[tuple[str, ...]] = []
    same_occasion: int = 0
    since_occasion: int = 0
    undone: Raw = Raw(b"\xc0")
    archive: "_Archive | None" = None


class _Archive(msgspec.Struct, array_like=True, gc=False):
    totals: Raw
    by_day: Raw
    blocks: list[bytes]
    forgotten: Raw


class _Days(msgspec.Struct, array_like=True, gc=False):
    """Counts by day: the first day and the distances from each to the next, as bytes or as numbers."""

    first: int
    deltas: bytes | list[int]

    @property
    def last(self) -> int:
        """The last day."""
        return self.first + sum(self.deltas)


class _Engagement(msgspec.Struct, array_like=True, gc=False):
    daily: Raw
    last_visit: int | None


class _Support(msgspec.Struct, array_like=True, gc=False):
    open: Raw
    daily: Raw
    last_rating: int | float | None
    rated_at: int


_encode = msgspec.msgpack.Encoder().encode
_decode_fields = msgspec.msgpack.Decoder(list[Raw]).decode
_decode_base = msgspec.msgpack.Decoder(bytes | None).decode
_decode_bytes = msgspec.msgpack.Decoder(bytes).decode
_decode_purchases = msgspec.msgpack.Decoder(_Purchases).decode
_decode_rows = msgspec.msgpack.Decoder(_Rows).decode
_decode_engagement = msgspec.msgpack.Decoder(_Engagement).decode
_decode_support = msgspec.msgpack.Decoder(_Support).decode
_decode_days = msgspec.msgpack.Decoder(_Days | None).decode


def next_version(snapshot: bytes) -> bytes:
    """Return a snapshot of version 4 as one of version 5."""
    begin = _HEADER_BYTES + (1 + snapshot[_HEADER_BYTES] if snapshot[1] == _NAMED_STAGE else 0)
    base, *others = _decode_fields(snapshot[begin:])
    packed = _decode_base(base)
    fields = (None if packed is None else _customer(packed), *others)
    return bytes((_VERSION,)) + snapshot[1:begin] + _encode(fields)


def _customer(packed: bytes) -> bytes:
    it = _decode_fields(decompressed(packed))
    if len(it) != _FIELDS:
        raise PackingError(f"a customer of version 4 has {len(it)} fields instead of {_FIELDS}")
    fields = (
        *it[:_PURCHASES],
        _purchases(_decode_bytes(it[_PURCHASES])),
        _engagement(_decode_bytes(it[_ENGAGEMENT])),
        _support(_decode_bytes(it[_SUPPORT])),
        *it[_SUPPORT + 1 : _PAST_STAYS],
        *it[_PAST_STAYS + 1 : _ACTIVITY],
        it[_STEPS],
        it[_ACTIVITY],
        it[_PAST_STAYS],
        *it[_STEPS + 1 :],
    )
    return compressed(_encode(fields))


def _purchases(packed: bytes) -> bytes:
    it = _decode_purchases(packed)
    categories = [*dict.fromkeys(chain.from_iterable(it.baskets))]
    baskets = [[categories.index(name) for name in basket] for basket in it.baskets]
    archive = it.archive
    if archive is not None:
        archive.blocks = [_encode(_rows(_decode_rows(block))) for block in archive.blocks]
    occasions = it.same_occasion, it.since_occasion
    return _encode((_rows(it.rows), it.refunds, categories, baskets, *occasions, it.undone, archive))


def _rows(it: _Rows) -> tuple[object, ...]:
    instants, days = accumulate(it.ats), accumulate(it.days)
    later = [day - at // _DAY_MS for at, day in zip(instants, days, strict=True)]
    first = it.ats[0] // _DAY_MS if it.ats else 0
    ats = [it.ats[0] - first * _DAY_MS, *it.ats[1:]] if it.ats else []
    return it.ids, first, ats, later, it.nets, it.items, it.details


def _engagement(packed: bytes) -> bytes:
    it = _decode_engagement(packed)
    return _encode((it.daily, None if it.last_visit is None else it.last_visit - _last_day(it.daily)))


def _support(packed: bytes) -> bytes:
    it = _decode_support(packed)
    rated_at = 0 if it.last_rating is None else it.rated_at - _last_day(it.daily)
    return _encode((it.open, it.daily, it.last_rating, rated_at))


def _last_day(daily: Raw) -> int:
    """Return when the last of the days begins, as they are in UTC; 0 if there is none."""
    days = _decode_days(daily)
    return 0 if days is None else days.last * _DAY_MS
