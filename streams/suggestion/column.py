"""A column of a sample: how often it is filled, and what its values look like."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from schemas.money import CURRENCIES
from streams.mapping.amounts import NumberError, number_reader

_NEARLY_ALL = 0.95
_THOUSANDS = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}([.,])[0-9]{3}(?![0-9.,])")
_UNGROUPED = re.compile(r"[0-9]{4}|(?<![0-9.,])0[.,]")


class Column:
    """One column, or one path into objects, with the values of a sample as they are written, blank ones left out.

    ``by_record`` has them by the places of their records in the sample.
    """

    def __init__(self, name: str, by_record: dict[int, Any], records: int) -> None:
        self.name = name
        self.by_record = by_record
        self.values = values = list(by_record.values())
        self.blank = records - len(values)
        self.filled = len(values) / records if records else 0.0
        self.texts = Counter(str(value).strip() for value in values)
        self.is_number = self.mostly(is_number)
        self.is_currency = self.mostly(lambda value: str(value).strip().upper() in CURRENCIES)
        self.is_email = self.mostly(lambda value: "@" in str(value)[1:-1] and " " not in str(value).strip())
        self.are_whole_decimals = self.mostly(lambda value: isinstance(value, str) and value.strip().endswith(".0"))

    @property
    def repeats(self) -> bool:
        """Tell whether some value comes more than once."""
        return len(self.texts) < len(self.values)

    @property
    def has_negative(self) -> bool:
        """Tell whether some value is a number below zero."""
        return any(map(_is_negative, self.values))

    @cached_property
    def decimal(self) -> str:
        """The decimal point, where some values could be read with either, and the others tell; else empty.

        Where nothing tells, always three digits behind it mean that it is a mark between thousands.
        """
        texts = [value.strip() for value in self.values if isinstance(value, str)]
        doubtful = [found[1] for text in texts if (found := _THOUSANDS.search(text))]
        if not doubtful:
            return ""
        possible = [mark for mark in (",", ".") if all(is_number(text, mark) for text in texts)]
        if len(possible) == 1:
            return possible[0]
        # 1500 shows that thousands have no mark, and 0.500 that the mark is the decimal point.
        ungrouped = any(_UNGROUPED.search(text) for text in texts)
        return (doubtful[0] if ungrouped else "." if doubtful[0] == "," else ",") if possible else ""

    @property
    def doubtful(self) -> str:
        """The first value that could be read with either decimal point; else empty."""
        return next((text for text in self.texts if _THOUSANDS.search(text)), "")

    def mostly(self, holds: Callable[[Any], bool]) -> bool:
        """Tell whether nearly all values are so."""
        return bool(self.values) and sum(map(holds, self.values)) >= _NEARLY_ALL * len(self.values)


def columns_of(records: Sequence[Any], names: Sequence[str] | None) -> list[Column]:
    """Return the columns of rows with these names, or, without names, the paths to all values in objects."""
    if names is not None:
        return [
            Column(name, {place: row[index] for place, row in enumerate(records) if row[index].strip()}, len(records))
            for index, name in enumerate(names)
            if name
        ]
    found: dict[str, dict[int, Any]] = {}
    for place, record in enumerate(records):
        for path, value in _walk(record, ""):
            if not isinstance(value, list) and value is not None and str(value).strip():
                found.setdefault(path, {})[place] = value
    return [Column(path, values, len(records)) for path, values in found.items()]


def lists_of(records: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the elements of all lists of objects in objects, by their paths."""
    found: dict[str, list[Any]] = {}
    for record in records:
        for path, value in _walk(record, ""):
            if isinstance(value, list) and value and all(isinstance(it, dict) for it in value):
                found.setdefault(path, []).extend(value)
    return found


def is_number(value: Any, decimal: str = "") -> bool:
    """Tell whether a value is a number; with ``decimal`` as its decimal point, or with that which it must have.

    ``1,234`` is one in any case: only which is not clear.
    """
    return _problem(value, decimal) in ("", _EITHER)


_EITHER = "could be either"


def _problem(value: Any, decimal: str = "") -> str:
    try:
        return "" if number_reader(decimal)(value) is not None else "empty"
    except NumberError as error:
        return _EITHER if "could be" in str(error) else str(error)


def _walk(record: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _walk(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _is_negative(value: Any) -> bool:
    try:
        number = number_reader("")(value)
    except NumberError:
        return False
    return number is not None and number < 0
