"""Packing: conversion of a customer to bytes, and back. Both are one call of msgspec, since each batch needs them."""

import msgspec
from msgspec.structs import astuple

from state.customer.customer import Customer
from state.customer.empty_end import without_empty_end

_STORED = Customer.__struct_fields__.index("user_id")
_ALWAYS = Customer.__struct_fields__.index("stored_activity")
"""So many fields are stored of everybody; of the others, what is empty at the end is left out."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Customer).decode


class PackingError(ValueError):
    """Raised for bytes that are no customer."""


def pack(customer: Customer) -> bytes:
    """Return the bytes of a customer."""
    customer.store()
    return _encode(without_empty_end(astuple(customer)[:_STORED], _ALWAYS))


def unpack(packed: bytes | msgspec.Raw) -> Customer:
    """Return the customer of the bytes. Raises ``PackingError``."""
    try:
        return _decode(packed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PackingError(f"a customer does not decode: {error}") from None
