"""Typed values: a JSON value read as a text, a number, a flag, a date or an instant, if it can mean only one thing."""

from collections.abc import Callable
from datetime import date
from math import isfinite

from msgspec import Raw

from schemas import instant
from schemas.coercion import identifier, is_numeric, number, read_text
from schemas.timestamps import moment

_VALUE = ""
_BARE_DATE = len("2017-12-31")
_FLAGS = {"true": True, "false": False, 1: True, 0: False}
_EXACT_INTEGERS = 2**63
_EXACT_DOUBLES = 2**53


class MisfitError(ValueError):
    """Raised for a value that is not of its type."""


def text_in(value: Raw) -> str:
    """Return a text, or the digits of a whole number. Raises ``MisfitError`` or ``RejectedError``."""
    raw = bytes(value)
    if raw[:1] == b'"':
        return read_text(raw)
    if not is_numeric(raw):
        raise MisfitError
    return identifier({_VALUE: value}, _VALUE) or ""


def number_in(value: Raw) -> int | float | None:
    """Return a number; None for a blank text. Raises ``MisfitError`` or ``RejectedError``."""
    raw = bytes(value)
    found = number({_VALUE: value}, _VALUE)
    if found is None:
        return None
    if not isfinite(found):
        raise MisfitError
    if is_numeric(raw) and raw.lstrip(b"-").isdigit() and -_EXACT_INTEGERS <= (whole := int(raw)) < _EXACT_INTEGERS:
        return whole
    return int(found) if found.is_integer() and abs(found) < _EXACT_DOUBLES else found


def flag_in(value: Raw) -> bool | None:
    """Return a flag; None for a blank text. Raises ``MisfitError`` or ``RejectedError``."""
    raw = bytes(value)
    if raw in (b"true", b"false"):
        return raw == b"true"
    if raw[:1] == b'"' and (word := read_text(raw).strip().lower()) in _FLAGS:
        return _FLAGS[word]
    found = number_in(value)
    if found is not None and found not in _FLAGS:
        raise MisfitError
    return None if found is None else _FLAGS[found]


def instant_in(value: Raw) -> str | None:
    """Return an instant as its text; None for a blank one or null. Raises ``RejectedError``."""
    found = moment({_VALUE: value}, _VALUE)
    return None if found is None else instant.to_text(instant.from_datetime(found))


def date_in(value: Raw, of_instant: Callable[[Raw], str | None]) -> str | None:
    """Return a bare date as it stands, and what ``of_instant`` returns of any other value.

    Raises ``MisfitError`` for a date that there is not, and what ``of_instant`` raises.
    """
    raw = bytes(value)
    if raw[:1] == b'"' and len(written := read_text(raw).strip()) == _BARE_DATE:
        try:
            if written.isascii() and written[4] == written[7] == "-":
                return date.fromisoformat(written).isoformat()
        except ValueError:
            raise MisfitError from None
    return of_instant(value)
