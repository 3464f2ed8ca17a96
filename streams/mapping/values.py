"""Values of a record: the text of an id, an amount, a typed trait, as a mapping describes them."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from schemas.money import decimals
from schemas.reject import RejectedError
from streams.mapping.amounts import NumberError, number_reader, shown
from streams.mapping.paths import Getter, Paths, first_of
from streams.mapping.shape import Names, Value, columns_of, names_of

Rows = Sequence[Any]
"""The records of one event: one, or all rows of one order."""

Scalar = str | int | float | bool

_TRUE, _FALSE = frozenset(("true", "yes", "y", "1")), frozenset(("false", "no", "n", "0"))


class Values:
    """The values of one kind of record, each as a function of the rows."""

    def __init__(self, paths: Paths, decimal: str) -> None:
        self._paths = paths
        self.read_number = number_reader(decimal)

    def has(self, value: Value) -> bool:
        """Tell whether there is a column for a value."""
        return any(self._paths.has(name) for name in columns_of(value))

    def getter(self, names: Names, *, optional: bool = False) -> Getter:
        """Return the first value of these columns that is not empty. Raises ``PathError`` if there is no such column.

        Of several columns, one is enough.
        """
        listed = names_of(names)
        there = [name for name in listed if self._paths.has(name)]
        if not there and (optional or not listed):
            return lambda record: None
        return first_of([self._paths.getter(name) for name in there or listed])

    def text(self, value: Value | None) -> Callable[[Rows], str | None]:
        """Return a function that reads a text, such as an id; None where there is none."""
        if value is None:
            return _nothing
        if value.value is not None:
            constant = str(value.value)
            return lambda rows: constant
        get, whole, lower = self.getter(value.column, optional=value.optional), value.whole, value.lower
        if not (whole or lower or value.values):
            return _plain_text(get)
        translated = {key.strip().casefold(): it for key, it in value.values.items()}
        skips = value.other == "skip"

        def read(rows: Rows) -> str | None:
            found = get(rows[0])
            text = found.strip() if isinstance(found, str) else _text(found)
            if whole and text.endswith(".0"):
                text = text[:-2]
            if lower:
                text = text.lower()
            if translated:
                text = translated.get(text.casefold(), "" if skips else text)
            return text or None

        return read

    def amount(self, value: Value | None, currency: Callable[[Rows], str | None]) -> Callable[[Rows], Decimal | None]:
        """Return a function that reads an amount in this currency, None where there is none.

        The function raises ``RejectedError``.
        """
        read = self.as_written(value)
        if value is None or not value.minor_units:
            return read

        def amount(rows: Rows) -> Decimal | None:
            found = read(rows)
            return None if found is None else of_minor(found, currency(rows))

        return amount

    def as_written(self, value: Value | None) -> Callable[[Rows], Decimal | None]:
        """Return a function that reads a number, in minor units if it is so; None where there is none.

        The function raises ``RejectedError``.
        """
        if value is None:
            return _nothing
        if value.value is not None:
            constant = self.read_number(value.value)
            return lambda rows: constant
        get = self.getter(value.column, optional=value.optional) if value.column else None
        summed = [(name, self.getter(name, optional=value.optional)) for name in names_of(value.sum)]
        taken = [(name, self.getter(name, optional=value.optional)) for name in names_of(value.minus)]
        name = " or ".join(names_of(value.column))
        if get is not None and not (summed or taken):
            number = self.number
            return lambda rows: number(get(rows[0]), name)

        def read(rows: Rows) -> Decimal | None:
            found = None if get is None else self.number(get(rows[0]), name)
            for place, more in summed:
                found = _plus(found, self._total(more, rows, place))
            for place, less in taken:
                if found is not None:
                    found -= self._total(less, rows, place) or 0
            return found

        return read

    def scalar(self, value: Value, currency: Callable[[Rows], str | None]) -> Callable[[Rows], Scalar | None]:
        """Return a function that reads a trait or a property by its type; it raises ``RejectedError``."""
        if value.type == "number":
            read_amount = self.amount(value, currency)

            def number(rows: Rows) -> Scalar | None:
                found = read_amount(rows)
                return None if found is None else as_number(found)

            return number
        read_text = self.text(value)
        if value.type == "text":
            return read_text
        place = ", ".join(names_of(value.column))

        def boolean(rows: Rows) -> Scalar | None:
            text = read_text(rows)
            if text is None:
                return None
            if text.casefold() in _TRUE:
                return True
            if text.casefold() in _FALSE:
                return False
            raise RejectedError("invalid", f"{place}: {shown(text)} is neither true nor false: translate it by values")

        return boolean

    def number(self, value: Any, place: str) -> Decimal | None:
        """Read a number; ``place`` is its column. Raises ``RejectedError``."""
        try:
            return self.read_number(value)
        except NumberError as error:
            raise RejectedError("bad_amount", f"{place}: {error}") from None

    def _total(self, get: Getter, rows: Rows, place: str) -> Decimal | None:
        total: Decimal | None = None
        for row in rows:
            value = get(row)
            for element in value if isinstance(value, list) else (value,):
                total = _plus(total, self.number(element, place))
        return total


def of_minor(number: Decimal, currency: str | None) -> Decimal:
    """Return an amount that is written in minor units of a currency, such as cents."""
    return number.scaleb(-decimals((currency or "").upper()))


def as_number(number: Decimal) -> int | float:
    """Return a number as JSON shall have it: whole ones without a point."""
    found = float(number)
    return int(found) if found.is_integer() and abs(found) < 2**53 else found


def _nothing(rows: Rows) -> None:
    return None


def _plain_text(get: Getter) -> Callable[[Rows], str | None]:
    def read(rows: Rows) -> str | None:
        found = get(rows[0])
        return (found.strip() if isinstance(found, str) else _text(found)) or None

    return read


def _plus(total: Decimal | None, more: Decimal | None) -> Decimal | None:
    return more if total is None else total if more is None else total + more


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # Columns of ids with gaps become floats in many libraries: 17850.0 is the customer 17850.
        if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        return repr(value) if isfinite(value) else ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if isinstance(value, list | dict) else str(value)
