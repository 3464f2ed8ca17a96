"""Snapshots of version 3, that of lifestage 0.2.0, turned into version 4.

A policy has had another fingerprint since, so every such customer is taken over by a new policy before anything else is
decided: their purchase occasions are counted then, and the order of their tail no longer matters.

What version 3 did not remember stays unknown: the stage before, the ids of undone orders, and when each of those orders
was that had no row any more (older than 365 days, or not among the newest 256). Of these, every order counts as an
occasion, as it did then, and the gaps between them as equal.
"""

import msgspec
from msgspec import Raw

from state.timeline.compression import compressed, decompressed

_VERSION = 4
_HEADER_BYTES = 14

Fields = tuple[object, ...]


class _Timeline(msgspec.Struct, array_like=True, gc=False):
    base: bytes | None
    tail: Raw
    emitted: Raw
    seq: int
    closed_before: int
    at: int | None
    last_event_at: int
    due: int | None
    decided: "_Decided | None"


class _Decided(msgspec.Struct, array_like=True, gc=False):
    stage: str
    since: int
    why: str
    cause: str
    loyal_since: int | None
    memberships: Raw
    expected: str | None
    expected_at: int | None


class _Customer(msgspec.Struct, array_like=True, gc=False):
    """A customer; all instants but the first are in ms before it, so that those ahead are negative."""

    at: int
    first_event_at: int
    last_event_at: int
    purchases: bytes
    engagement: bytes
    support: bytes
    traits: Raw
    stage: int
    since: int
    why: str
    cause: str
    loyal_since: int | None
    memberships: Raw
    due: int | None
    expected: str | None
    expected_at: int | None


class _Purchases(msgspec.Struct, array_like=True, gc=False):
    """Purchases: ``ids`` of 8 bytes, by which ``refunded`` is; totals of the orders ``before`` those with rows."""

    ids: bytes
    ats: Raw
    days: Raw
    nets: Raw
    items: Raw
    refunded: dict[int, int]
    before_by_day: Raw
    refunds: Raw
    baskets: Raw
    before_orders: int = 0
    before_revenue: int = 0
    before_items: int = 0
    before_first: int = 0
    before_last: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode_timeline = msgspec.msgpack.Decoder(_Timeline).decode
_decode_customer = msgspec.msgpack.Decoder(_Customer).decode
_decode_purchases = msgspec.msgpack.Decoder(_Purchases).decode


def next_version(snapshot: bytes) -> bytes:
    """Return a snapshot of version 3 as one of version 4."""
    it = _decode_timeline(snapshot[_HEADER_BYTES:])
    fields = (
        None if it.base is None else _customer(it.base),
        it.tail,
        it.emitted,
        it.seq,
        it.closed_before,
        it.at,
        it.last_event_at,
        None if it.decided is None else _decided(it.decided),
    )
    return bytes((_VERSION,)) + snapshot[1:_HEADER_BYTES] + _encode(fields)


def _decided(it: _Decided) -> Fields:
    before: Fields = (None, 0, {})  # the stage before, how long it lasted, and the stays before that
    return it.stage, it.since, it.why, it.cause, *before, it.loyal_since, it.memberships, it.expected, it.expected_at


def _customer(packed: bytes) -> bytes:
    it = _decode_customer(decompressed(packed))
    fields: Fields = (
        it.at,
        it.first_event_at,
        it.last_event_at,
        _purchases(it.purchases),
        it.engagement,
        it.support,
        it.traits,
        it.stage,
        it.since,
        it.why,
        it.cause,
        None,
        0,
        {},
        it.loyal_since,
        it.memberships,
        None if it.due is None else -it.due,
        it.expected,
        None if it.expected_at is None else -it.expected_at,
        b"",
        {},
        {},
        {},
        {},
        {},
    )
    return compressed(_encode(fields))


def _purchases(packed: bytes) -> bytes:
    it = _decode_purchases(packed)
    numbers = [int.from_bytes(it.ids[place : place + 8]) for place in range(0, len(it.ids), 8)]
    details = {row: (it.refunded[number],) for row, number in enumerate(numbers) if number in it.refunded}
    rows = it.ids, it.ats, it.days, it.nets, it.items, details or None
    return _encode((rows, it.refunds, it.baskets, 0, 0, None, _archive(it)))


def _archive(it: _Purchases) -> Fields | None:
    orders, gaps = it.before_orders, it.before_orders - 1
    if orders < 1:
        return None
    squares = (it.before_last - it.before_first) ** 2 // gaps if gaps else 0
    occasions = orders, it.before_last, squares.to_bytes((squares.bit_length() + 7) // 8)
    totals = orders, it.before_revenue, it.before_items, it.before_first, it.before_last, *occasions
    return totals, it.before_by_day, (), None
