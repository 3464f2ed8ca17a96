"""The signs of the language, and what each does with exact values."""

import operator
from collections.abc import Callable
from typing import Any, Literal

from state.conditions.exact_number import Exact, ratio

Sign = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
ArithmeticSign = Literal["+", "-", "*", "/"]
Clamp = Literal["at_most", "at_least"]
COMPARE: dict[Sign, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, values: value in values,
    "not in": lambda value, values: value not in values,
}
OPPOSITE: dict[Sign, Sign] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "in": "not in",
    "not in": "in",
}
MIRRORED: dict[Sign, Sign] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The signs that change where the two sides of a comparison change places."""
CALCULATE: dict[ArithmeticSign, Callable[[Exact, Exact], Exact]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": ratio,
}
LIMITED: dict[Clamp, Callable[[Any, Any], Any]] = {"at_most": min, "at_least": max}
"""What a number is with a limit above or below it."""
