"""Conditions in plain English: ``revenue_365d >= 500 and orders_90d >= 2`` with words in place of its signs."""

import json

from schemas.events import Scalar
from state.conditions.nodes import AllOf, AnyOf, Comparison, Known, Leaf, ListLiteral, Literal, Not, Test, Truth
from state.conditions.signs import MIRRORED, OPPOSITE, Sign

_SIGNS: dict[Sign, str] = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "in": "is one of",
    "not in": "is none of",
}


def in_words(test: Test, *, negated: bool = False) -> str:
    """Return a test in words, or with ``negated`` that it does not hold."""
    match test:
        case Not(part):
            return in_words(part, negated=not negated)
        case AllOf(parts) | AnyOf(parts):
            joined = " and " if isinstance(test, AllOf) is not negated else " or "
            return joined.join(_within(part, joined, negated) for part in parts)
        case _:
            return _leaf(test, negated)


def _within(part: Test, joined: str, negated: bool) -> str:
    words = in_words(part, negated=negated)
    is_joined_otherwise = _is_or(part, negated) if joined == " and " else _is_and(part, negated)
    return f"({words})" if is_joined_otherwise else words


def _is_or(test: Test, negated: bool) -> bool:
    match test:
        case Not(part):
            return _is_or(part, not negated)
        case AllOf() | AnyOf():
            return isinstance(test, AnyOf) is not negated
        case _:
            return negated and _may_be_missing(test)


def _is_and(test: Test, negated: bool) -> bool:
    match test:
        case Not(part):
            return _is_and(part, not negated)
        case AllOf() | AnyOf():
            return isinstance(test, AllOf) is not negated
        case _:
            return False


def _leaf(leaf: Leaf, negated: bool) -> str:
    match leaf:
        case Known(_, text):
            return f"{text} is not known" if negated else f"{text} is known"
        case Truth(_, text):
            return f"{text} is not true" if negated else f"{text} is true"
        case Comparison():
            words = _compared(leaf, OPPOSITE[leaf.sign] if negated else leaf.sign)
            # Of a value that is missing no comparison holds, and neither does the opposite one.
            return f"{words} or is not known" if negated and _may_be_missing(leaf) else words


def _compared(leaf: Comparison, sign: Sign) -> str:
    left, right = leaf.left_text, leaf.right_text
    if isinstance(leaf.right, ListLiteral):
        right = ", ".join(map(_written, leaf.right.values))
    elif sign in ("in", "not in"):
        return f"{right} {'has' if sign == 'in' else 'does not have'} {left}"
    elif isinstance(leaf.left, Literal):
        left, right, sign = right, left, MIRRORED.get(sign, sign)
    return f"{left} {_SIGNS[sign]} {right}"


def _written(value: Scalar) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def _may_be_missing(leaf: Leaf) -> bool:
    return isinstance(leaf, Comparison) and (leaf.left.nullable or leaf.right.nullable)
