"""Packing: conversion of a customer to few bytes, since there are millions of them, and back.

Instants are stored as their distance from the last decision. Each aggregate is bytes of its own, decoded only when it
is needed. The whole is compressed with LZ4, which costs a tenth of what zlib does.
"""

import msgspec
from cramjam import DecompressionError, lz4

from schemas.events import Trait
from state.customer.customer import Customer
from state.customer.empty_end import without_empty_end
from state.customer.open_signals import NO_SIGNALS, Signals, mapped
from state.customer.past_stays import PastStays
from state.customer.stored_names import (
    Stored,
    expected_of,
    stage_of,
    standing_of,
    stored_expected,
    stored_stage,
    stored_standing,
)

MAX_BYTES = 16 * 1024 * 1024


class PackingError(ValueError):
    """Raised for bytes that are no customer."""


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """A customer as stored: instants of the past in ms before ``at``, and ``due`` and ``expected_at`` in ms after it.

    So they are positive, which takes fewer bytes. What few customers have comes last, and what is empty at the end is
    left out. A new field that may be empty goes to the end.
    """

    at: int
    first_event_at: int
    last_event_at: int
    purchases: bytes
    engagement: bytes
    support: bytes
    traits: dict[str, Trait]
    standing: Stored
    since: int
    why: str
    cause: str
    previous_stage: Stored | None
    previous_ms: int
    loyal_since: int | None
    memberships: dict[str, int]
    due: int | None
    expected: Stored | None
    expected_at: int | None
    steps: dict[str, tuple[str, int]] = {}
    activity: bytes = b""
    past_stays: dict[Stored, PastStays] = {}
    held: dict[str, int] = {}
    past_memberships: dict[str, PastStays] = {}
    signals: Signals = NO_SIGNALS
    signals_told: dict[str, int] = {}
    past_steps: dict[str, PastStays] = {}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


def pack(customer: Customer) -> bytes:
    """Return the bytes of a customer, without changing it."""
    at, due, expected_at, loyal_since = customer.at, customer.due, customer.expected_at, customer.loyal_since
    purchases, engagement, support, activity = customer.packed_parts()
    # A tuple in the order of the fields: a struct of so many costs three times as much to make.
    fields: tuple[object, ...] = (
        at,
        at - customer.first_event_at,
        at - customer.last_event_at,
        purchases,
        engagement,
        support,
        customer.traits,
        stored_standing(customer.stage, customer.silence),
        at - customer.since,
        customer.why,
        customer.cause,
        None if customer.previous_stage is None else stored_stage(customer.previous_stage),
        customer.previous_ms,
        None if loyal_since is None else at - loyal_since,
        {key: at - entered for key, entered in customer.memberships.items()},
        None if due is None else due - at,
        stored_expected(customer.expected),
        None if expected_at is None else expected_at - at,
    )
    few = _of_few(customer, at)
    if customer.steps or activity or few:
        fields += ({key: (step, at - entered) for key, (step, entered) in customer.steps.items()},)
        if activity or few:
            fields += (activity, *few)
    return bytes(lz4.compress_block(_encode(fields)))


def _of_few(customer: Customer, at: int) -> tuple[object, ...]:
    """Return the fields that few customers have, without what is empty at the end."""
    stays, held, memberships = customer.past_stays, customer.held, customer.past_memberships
    if not (stays or held or memberships or customer.signals or customer.signals_told or customer.past_steps):
        return ()
    fields = (
        {stored_stage(stage): _from(at, past) for stage, past in stays.items()},
        {key: at - since for key, since in held.items()},
        {key: _from(at, past) for key, past in memberships.items()},
        mapped(customer.signals, lambda it: at - it),
        {key: at - told for key, told in customer.signals_told.items()},
        {place: _from(at, past) for place, past in customer.past_steps.items()},
    )
    return without_empty_end(fields)


def unpack(packed: bytes) -> Customer:
    """Return the customer of the bytes. Raises ``PackingError``."""
    if int.from_bytes(packed[:4], "little") > MAX_BYTES:  # LZ4 would allocate that many bytes before it reads on
        raise PackingError("a customer does not decode: it claims to be larger than any")
    try:
        it = _decode(lz4.decompress_block(packed))
    except (DecompressionError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PackingError(f"a customer does not decode: {error}") from None
    at = it.at
    stage, silence = standing_of(it.standing)
    return Customer(
        at - it.first_event_at,  # the first without names, as above
        it.purchases,
        it.engagement,
        it.support,
        it.traits,
        stage=stage,
        since=at - it.since,
        why=it.why,
        cause=it.cause,
        previous_stage=None if it.previous_stage is None else stage_of(it.previous_stage),
        previous_ms=it.previous_ms,
        past_stays={stage_of(key): _from(at, past) for key, past in it.past_stays.items()} if it.past_stays else {},
        loyal_since=None if it.loyal_since is None else at - it.loyal_since,
        memberships={key: at - ago for key, ago in it.memberships.items()},
        at=at,
        last_event_at=at - it.last_event_at,
        due=_after(at, it.due),
        expected=expected_of(it.expected),
        expected_at=_after(at, it.expected_at),
        activity_lazy=it.activity,
        silence=silence,
        steps={key: (step, at - ago) for key, (step, ago) in it.steps.items()},
        held={key: at - ago for key, ago in it.held.items()} if it.held else {},
        past_memberships={key: _from(at, past) for key, past in it.past_memberships.items()},
        signals=mapped(it.signals, lambda ago: at - ago) if it.signals else NO_SIGNALS,
        signals_told={key: at - ago for key, ago in it.signals_told.items()},
        past_steps={place: _from(at, past) for place, past in it.past_steps.items()} if it.past_steps else {},
    )


def _from(at: int, past: PastStays) -> PastStays:
    """Return past stays with the distance from ``at`` instead of their instant, or the reverse."""
    return PastStays(past.times, past.total_ms, at - past.left, past.last_ms)


def _after(at: int, distance: int | None) -> int | None:
    return None if distance is None else at + distance
