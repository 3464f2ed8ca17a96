"""Numbers as exports write them, read where they can mean only one thing."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from schemas.coercion import MAX_SHOWN

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_AROUND = " \t\u00a0\u202f$€£¥₹₽₩₺"
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})*")
_DIGITS = re.compile(r"[0-9]*")
_LARGEST = Decimal(10) ** 18
_MINUS = ("-", "\u2212")


class NumberError(ValueError):
    """A text that is no number, or could be two; the message is a sentence with the mend."""


def number_reader(decimal: str) -> Callable[[Any], Decimal | None]:
    """Return a function that reads numbers whose decimal point is ``decimal``; with ``""``, where that is clear.

    It returns None for what is empty, and raises ``NumberError``.
    """

    def read(value: Any) -> Decimal | None:
        if isinstance(value, str):
            if decimal != "," and _PLAIN.fullmatch(value):
                return _bounded(Decimal(value), value)
            text = value.strip()
            return _bounded(_of_text(text, decimal), text) if text else None
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise NumberError(f"{shown(value)} is no number: name a column of numbers")
        found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if found.is_nan():
            return None  # a gap, in the columns of some libraries
        return _bounded(found, value)

    return read


def shown(value: object) -> str:
    """Return the beginning of a value, for people."""
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "...")


def _bounded(number: Decimal, value: object) -> Decimal:
    if not -_LARGEST < number < _LARGEST:
        raise NumberError(f"{shown(value)} is no number of this world: mend it in the export")
    return number


def _of_text(text: str, decimal: str) -> Decimal:
    bare = text.strip(_AROUND)
    in_brackets = bare.startswith("(") and bare.endswith(")")  # as accountants write what they pay out
    if in_brackets:
        bare = bare[1:-1].strip(_AROUND)
    negative = bare.startswith(_MINUS)
    if bare.startswith((*_MINUS, "+")):
        bare = bare[1:].strip(_AROUND)
    digits = bare.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2019", "'")
    point = decimal or _point_of(digits)
    whole, _, fraction = digits.rpartition(point) if point in digits else (digits, "", "")
    grouped = _GROUPED.fullmatch(whole)
    if grouped is not None and grouped[1] != point:
        whole = whole.replace(grouped[1], "")
    if not whole + fraction or not _DIGITS.fullmatch(whole) or not _DIGITS.fullmatch(fraction):
        raise NumberError(f"{shown(text)} is no number: name a column of numbers")
    found = Decimal(f"{whole or 0}.{fraction or 0}")
    return -found if negative != in_brackets else found


def _point_of(digits: str) -> str:
    """Return which mark is the decimal point of a text that does not say. Raises ``NumberError`` if either can be."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return "." if digits.rindex(".") > digits.rindex(",") else ","
    if points > 1 or not commas:
        return "," if points > 1 else "."
    if commas == 1 and _GROUPED.fullmatch(digits):
        told = f"{digits} could be {digits.replace(',', '')} or {digits.replace(',', '.')}"
        raise NumberError(f'{told}: write decimal = "." or decimal = "," into the mapping')
    return "." if commas > 1 else ","
