"""Coercion: a JSON value of another type than the schema's, read where it can mean only one thing.

The decoders of the schemas are strict and fast. What they refuse is read again here, field by field; a value that
could mean two things is refused with a sentence that says how to write it.
"""

import re

import msgspec
from msgspec import Raw

from schemas.reject import RejectedError

MAX_TEXT = 256
MAX_SHOWN = 40

Fields = dict[str, Raw]
"""The fields of a JSON object, each still as its text."""

NULL = Raw(b"null")

_WHOLE = re.compile(rb"0|-?[1-9][0-9]*")
_NO_FIELDS = re.compile(rb'null|\[\s*\]|"\s*"')
DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_fields = msgspec.json.Decoder(Fields).decode
read_text = msgspec.json.Decoder(str).decode


def short(text: str, place: str) -> str:
    """Return the text of an id. Raises ``RejectedError`` if it is empty or longer than ``MAX_TEXT``."""
    if not text or len(text) > MAX_TEXT:
        raise RejectedError("invalid", f"{place} must have 1 to {MAX_TEXT} characters, not {len(text)}")
    return text


def shown(raw: bytes) -> str:
    """Return the beginning of a JSON text, for people."""
    text = raw[: 4 * MAX_SHOWN].decode("utf-8", "replace")
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


def is_numeric(raw: bytes) -> bool:
    """Tell whether a JSON text is a number."""
    return raw[:1] in b"-0123456789"


def fields_of(raw: Raw | bytes, place: str) -> Fields:
    """Return the fields of an object; of null, an empty list or a blank text none, as PHP writes what has no fields.

    Raises ``RejectedError`` for anything else.
    """
    if _NO_FIELDS.fullmatch(raw):
        return {}
    try:
        return _fields(raw)
    except msgspec.ValidationError:
        raise RejectedError("invalid", f"{place} is {shown(bytes(raw))}: send a JSON object") from None


def text(fields: Fields, name: str, place: str = "") -> str | None:
    """Return a text; None where it is missing or null. Raises ``RejectedError`` for anything else."""
    raw = bytes(fields.get(name, NULL))
    if raw[:1] == b'"':
        return read_text(raw)
    if raw == b"null":
        return None
    raise RejectedError("invalid", f"{place}{name} is {shown(raw)}: send a text")


def identifier(fields: Fields, *names: str, place: str = "") -> str | None:
    """Return the first id that is given under one of the names; a whole number is its digits.

    None where all are missing, null or empty. Raises ``RejectedError`` for what is neither a text nor a whole number.
    """
    for name in names:
        raw = bytes(fields.get(name, NULL))
        if _WHOLE.fullmatch(raw):
            return raw.decode()
        if raw[:1] != b'"' and raw != b"null":
            fix = "send an id as a text, or as a whole number without a point"
            raise RejectedError("invalid", f"{place}{name} is {shown(raw)}: {fix}")
        if raw != b"null" and (found := read_text(raw)):
            return found
    return None


def number(fields: Fields, name: str, place: str = "") -> float | None:
    """Return a number, or that of a plain decimal text; infinite if it is beyond a double.

    None where it is missing, null or blank. Raises ``RejectedError`` for anything else.
    """
    raw = bytes(fields.get(name, NULL))
    if raw == b"null":
        return None
    if is_numeric(raw):
        return float(raw)
    if raw[:1] == b'"':
        written = read_text(raw).strip()
        if not written:
            return None
        if DECIMAL.fullmatch(written):
            return float(written)
    fix = 'send a number, or a plain decimal text like "1234.56" without thousands separators or currency signs'
    raise RejectedError("invalid", f"{place}{name} is {shown(raw)}: {fix}")


def as_json(value: object) -> Raw:
    """Return a value as its JSON text."""
    return Raw(msgspec.json.encode(value))
