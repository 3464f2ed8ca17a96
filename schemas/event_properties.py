"""The properties of an event that conditions read: texts, numbers and flags, by their names."""

from collections.abc import Mapping
from math import isfinite

import msgspec
from msgspec import Raw

from schemas.coercion import MAX_TEXT, fields_of, number
from schemas.events import Scalar
from schemas.reject import RejectedError

PROPERTIES_BOUND = "properties"
"""Told where a property that a condition reads cannot be used: it is then as if it were missing."""
_UNUSABLE = (RejectedError, msgspec.DecodeError, UnicodeDecodeError)
_read_scalar = msgspec.json.Decoder(str | int | float | bool | None).decode


def properties_of(raw: Raw, wanted: Mapping[str, bool]) -> tuple[dict[str, Scalar], bool]:
    """Return the wanted properties that are there, and whether one of them could not be used.

    ``wanted`` says of each name whether it must be a number, which may be a plain decimal text.
    """
    try:
        given = fields_of(raw, "properties")
    except _UNUSABLE:
        return {}, True
    found: dict[str, Scalar] = {}
    is_all_used = True
    for name, must_be_number in wanted.items():
        if name not in given:
            continue
        try:
            value = number(given, name) if must_be_number else _read_scalar(given[name])
        except _UNUSABLE:
            is_all_used = False
            continue
        if value is None:
            continue
        if _is_usable(value):
            found[name] = value
        else:
            is_all_used = False
    return found, not is_all_used


def _is_usable(value: Scalar) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    return -(2**63) <= value < 2**63 if isinstance(value, int) else isfinite(value)
