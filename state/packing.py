"""Packing: a customer in few bytes, since there are millions of them, and back.

Instants and days in ascending lists are stored as the steps between them, instants that lie close to the last decision
as their distance from it, and the whole is compressed with LZ4, which costs a tenth of what zlib does.
"""

from itertools import accumulate
from operator import sub

import msgspec
from cramjam import DecompressionError, lz4

from state.customer import Customer
from state.daily import Daily
from state.engagement import Engagement

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Customer).decode
MOST_BYTES = 16 * 1024 * 1024


class PackingError(ValueError):
    """The bytes are no customer."""


def pack(customer: Customer) -> bytes:
    """The bytes of a customer, which stays as it is."""
    purchases, engagement, support = customer.purchases, customer.engagement, customer.support
    at = customer.at
    stored = msgspec.structs.replace(
        customer,
        heard_at=at - customer.heard_at,
        since=at - customer.since,
        due=_away(customer.due, -at),
        expected_at=_away(customer.expected_at, -at),
        purchases=msgspec.structs.replace(
            purchases,
            ats=_steps(purchases.ats),
            days=_steps(purchases.days),
            crowded=_in_steps(purchases.crowded),
            refunds=_in_steps(purchases.refunds),
        ),
        engagement=Engagement(_in_steps(engagement.daily), _away(engagement.last_visit, -at)),
        support=msgspec.structs.replace(support, daily=_in_steps(support.daily)),
    )
    return bytes(lz4.compress_block(_encode(stored)))


def unpack(packed: bytes) -> Customer:
    """The customer of the bytes. Raises ``PackingError``."""
    if int.from_bytes(packed[:4], "little") > MOST_BYTES:  # LZ4 would ask for that much memory before it looks
        raise PackingError("a customer does not decode: it claims to be larger than any")
    try:
        customer = _decode(lz4.decompress_block(packed))
    except (DecompressionError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PackingError(f"a customer does not decode: {error}") from None
    at = customer.at
    customer.heard_at, customer.since = at - customer.heard_at, at - customer.since
    customer.due, customer.expected_at = _away(customer.due, at), _away(customer.expected_at, at)
    purchases, engagement, support = customer.purchases, customer.engagement, customer.support
    engagement.last_visit = _away(engagement.last_visit, at)
    if purchases.ats:
        purchases.ats, purchases.days = list(accumulate(purchases.ats)), list(accumulate(purchases.days))
    for daily in (purchases.crowded, purchases.refunds, engagement.daily, support.daily):
        if daily.days:
            daily.days = list(accumulate(daily.days))
    return customer


def _away(instant: int | None, by: int) -> int | None:
    return None if instant is None else instant + by


def _in_steps(daily: Daily) -> Daily:
    return Daily(_steps(daily.days), daily.columns) if daily.days else daily


def _steps(ascending: list[int]) -> list[int]:
    return [ascending[0], *map(sub, ascending[1:], ascending)] if ascending else ascending
