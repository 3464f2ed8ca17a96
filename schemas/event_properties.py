"""The properties of an event that conditions read: texts, numbers and flags, by their names."""

from collections.abc import Mapping
from math import isfinite

import msgspec
from msgspec import Raw

from schemas.coercion import DECIMAL, MAX_TEXT, fields_of
from schemas.events import Scalar
from schemas.reject import RejectedError

PROPERTIES_BOUND = "properties"
"""Told where a property that a condition reads cannot be used: it is then as if it were missing."""
MAX_NUMBER = 10**12
"""A number beyond that is not added up."""
_UNUSABLE = (RejectedError, msgspec.DecodeError, UnicodeDecodeError)
_read_scalar = msgspec.json.Decoder(str | int | float | bool | None).decode


def properties_of(raw: Raw, wanted: Mapping[str, bool]) -> tuple[dict[str, Scalar], bool]:
    """Return the wanted properties that are there, as they were sent, and whether one of them could not be used.

    ``wanted`` says of each name whether it is added up, so must be a number, or a plain decimal text.
    """
    try:
        given = fields_of(raw, "properties")
    except _UNUSABLE:
        return {}, True
    found: dict[str, Scalar] = {}
    is_told = False
    for name, is_added_up in wanted.items():
        try:
            value = _read_scalar(given[name]) if name in given else None
        except _UNUSABLE:
            is_told = True
            continue
        if value is None:
            continue
        if _is_usable(value):
            found[name] = value
            is_told = is_told or (is_added_up and not _can_be_added_up(value))
        else:
            is_told = True
    return found, is_told


def number_in(value: Scalar | None) -> int | float | None:
    """Return the number that a property is, or that stands in it in plain decimal notation; None if there is none."""
    if isinstance(value, str):
        written = value.strip()
        return float(written) if DECIMAL.fullmatch(written) and isfinite(float(written)) else None
    return None if isinstance(value, bool) else value


def _can_be_added_up(value: Scalar) -> bool:
    """Tell whether a property is a number to be added up, or a blank text, which is as good as none."""
    number = number_in(value)
    return abs(number) <= MAX_NUMBER if number is not None else isinstance(value, str) and not value.strip()


def _is_usable(value: Scalar) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    return -(2**63) <= value < 2**63 if isinstance(value, int) else isfinite(value)
