"""Packing: a customer in few bytes, since there are millions of them, and back.

Instants are stored as their distance from the last decision. The parts of a customer are bytes of their own, and are
read from them only when somebody asks; the whole is compressed with LZ4, which costs a tenth of what zlib does.
"""

import msgspec
from cramjam import DecompressionError, lz4

from schemas.events import Scalar
from state.customer.customer import STAGE_NUMBERS, STAGES, Customer

MAX_BYTES = 16 * 1024 * 1024


class PackingError(ValueError):
    """The bytes are no customer."""


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """A customer as they are stored: all instants but ``at`` as ms before it, negative ones lie after it."""

    at: int
    first_event_at: int
    last_event_at: int
    purchases: bytes
    engagement: bytes
    support: bytes
    traits: dict[str, Scalar]
    stage: int
    since: int
    why: str
    cause: str
    loyal_since: int | None
    memberships: dict[str, int]
    due: int | None
    expected: str | None
    expected_at: int | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def pack(customer: Customer) -> bytes:
    """The bytes of a customer, which stays as it is."""
    at = customer.at
    purchases, engagement, support = customer.packed_parts()
    packed = _Packed(
        at,
        at - customer.first_event_at,  # the first two without names: see below
        last_event_at=at - customer.last_event_at,
        purchases=purchases,
        engagement=engagement,
        support=support,
        traits=customer.traits,
        stage=STAGE_NUMBERS[customer.stage],
        since=at - customer.since,
        why=customer.why,
        cause=customer.cause,
        loyal_since=_away(at, customer.loyal_since),
        memberships={key: at - entered for key, entered in customer.memberships.items()},
        due=_away(at, customer.due),
        expected=customer.expected,
        expected_at=_away(at, customer.expected_at),
    )
    return bytes(lz4.compress_block(_encode(packed)))


def unpack(packed: bytes) -> Customer:
    """The customer of the bytes. Raises ``PackingError``."""
    if int.from_bytes(packed[:4], "little") > MAX_BYTES:  # LZ4 would ask for that much memory before it looks
        raise PackingError("a customer does not decode: it claims to be larger than any")
    try:
        it = _decode(lz4.decompress_block(packed))
    except (DecompressionError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PackingError(f"a customer does not decode: {error}") from None
    at = it.at
    return Customer(
        # These two without names: for more than 15 names CPython makes a dict, at three times the cost of the call.
        at - it.first_event_at,
        it.purchases,
        engagement_part=it.engagement,
        support_part=it.support,
        traits=it.traits,
        stage=STAGES[it.stage],
        since=at - it.since,
        why=it.why,
        cause=it.cause,
        loyal_since=_away(at, it.loyal_since),
        memberships={key: at - ago for key, ago in it.memberships.items()},
        at=at,
        last_event_at=at - it.last_event_at,
        due=_away(at, it.due),
        expected=it.expected,
        expected_at=_away(at, it.expected_at),
    )


def _away(at: int, instant: int | None) -> int | None:
    return None if instant is None else at - instant
