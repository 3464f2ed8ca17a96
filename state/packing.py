"""Packing: a customer in few bytes, since there are millions of them, and back.

Instants and days in ascending lists are stored as the steps between them, and the whole is compressed with LZ4, which
costs a tenth of what zlib does.
"""

from itertools import accumulate
from operator import sub

import msgspec
from cramjam import DecompressionError, lz4

from state.customer import Customer
from state.daily import Daily

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Customer).decode


class PackingError(ValueError):
    """The bytes are no customer."""


def pack(customer: Customer) -> bytes:
    """The bytes of a customer, which stays as it is."""
    purchases, engagement, support = customer.purchases, customer.engagement, customer.support
    stored = msgspec.structs.replace(
        customer,
        purchases=msgspec.structs.replace(
            purchases,
            ats=_steps(purchases.ats),
            days=_steps(purchases.days),
            crowded=_in_steps(purchases.crowded),
            refunds=_in_steps(purchases.refunds),
        ),
        engagement=msgspec.structs.replace(engagement, daily=_in_steps(engagement.daily)),
        support=msgspec.structs.replace(support, daily=_in_steps(support.daily)),
    )
    return bytes(lz4.compress_block(_encode(stored)))


def unpack(packed: bytes) -> Customer:
    """The customer of the bytes. Raises ``PackingError``."""
    try:
        customer = _decode(lz4.decompress_block(packed))
    except (DecompressionError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PackingError(f"a customer does not decode: {error}") from None
    purchases = customer.purchases
    purchases.ats, purchases.days = list(accumulate(purchases.ats)), list(accumulate(purchases.days))
    for daily in (purchases.crowded, purchases.refunds, customer.engagement.daily, customer.support.daily):
        daily.days = list(accumulate(daily.days))
    return customer


def _in_steps(daily: Daily) -> Daily:
    return Daily(_steps(daily.days), daily.columns) if daily.days else daily


def _steps(ascending: list[int]) -> list[int]:
    return [ascending[0], *map(sub, ascending[1:], ascending)] if ascending else ascending
