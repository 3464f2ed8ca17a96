"""The conditions under which a record is an event: what a column must be."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from streams.mapping.amounts import NumberError
from streams.mapping.paths import Getter
from streams.mapping.shape import Condition

Test = Callable[[Any], bool]
"""Takes a record."""

_COMPARISON = re.compile(r"(<=|>=|<|>)\s*(-?[0-9]+(?:\.[0-9]+)?)")
_OPERATORS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def condition_of(get: Getter, condition: Condition, read_number: Callable[[Any], Decimal | None]) -> Test:
    """Return the test of one column.

    A text must be equal, without regard to case and blanks around it; with ``*`` at its end, it must begin so;
    ``"< 0"`` compares numbers; ``"! x"`` is its contrary. A list: one of its texts. ``true``: there is something;
    ``false``: there is nothing.
    """
    if isinstance(condition, bool):
        return lambda record: bool(_text(get(record))) is condition
    texts = (condition,) if isinstance(condition, str) else condition
    if isinstance(condition, str) and condition.startswith("!"):
        inner = condition_of(get, condition[1:].strip(), read_number)
        return lambda record: not inner(record)
    if isinstance(condition, str) and (match := _COMPARISON.fullmatch(condition.strip())):
        return _comparison(get, match[1], Decimal(match[2]), read_number)
    exact = frozenset(it.strip().casefold() for it in texts if not it.endswith("*"))
    beginnings = tuple(it[:-1].strip().casefold() for it in texts if it.endswith("*"))
    if not beginnings:
        return lambda record: _text(get(record)) in exact

    def holds(record: Any) -> bool:
        text = _text(get(record))
        return text in exact or text.startswith(beginnings)

    return holds


def _comparison(get: Getter, sign: str, limit: Decimal, read_number: Callable[[Any], Decimal | None]) -> Test:
    compare = _OPERATORS[sign]

    def holds(record: Any) -> bool:
        try:
            number = read_number(get(record))
        except NumberError:
            return False
        return number is not None and compare(number, limit)

    return holds


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip().casefold()
    if value is None:
        return ""
    return str(value).casefold()
