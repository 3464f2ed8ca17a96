"""Comparisons that never hold, or always do: a warning about a number outside of what a value can be.

So is a share compared with per cent, a bucket with how many there are, or a score with more points than its caps allow.
"""

from collections.abc import Iterator
from math import inf

from state.conditions.exact_number import Number, exact
from state.conditions.nodes import (
    Arithmetic,
    Clamped,
    Comparison,
    FeatureRef,
    ListLiteral,
    Literal,
    Negative,
    Operand,
    Test,
    leaves_of,
)
from state.conditions.signs import LIMITED, MIRRORED, OPPOSITE, Sign

_ANY = (-inf, inf)


def never_met(tree: Test) -> Iterator[tuple[str, str]]:
    """Yield each comparison of a condition that holds for nobody or for everybody, and what to do about it."""
    for leaf in leaves_of(tree):
        if not isinstance(leaf, Comparison):
            continue
        value, other, sign, name = leaf.left, leaf.right, leaf.sign, leaf.left_text
        if isinstance(value, Literal):
            value, other, sign, name = other, value, MIRRORED.get(sign, sign), leaf.right_text
        limits = _limits(value)
        if isinstance(value, Literal) or limits == _ANY:
            continue
        text = f"`{leaf.left_text} {leaf.sign} {leaf.right_text}`"
        fix = f"`{name}` is {_span(*limits)}: write a number within these, or leave it out"
        if _is_beyond(sign, other, *limits):
            yield f"{text} never holds", fix
        # Whether a value is known can be asked in this way too.
        elif not value.nullable and _is_beyond(OPPOSITE[sign], other, *limits):
            yield f"{text} holds for everybody", fix


def _limits(operand: Operand) -> tuple[Number, Number]:
    """Return the least and the greatest number that a value can be."""
    match operand:
        case Literal(int() | float()):
            return operand.exact, operand.exact
        case FeatureRef(feature) if feature.limits is not None:
            least, most = feature.limits
            return exact(least), exact(most)
        case Clamped(clamp, of, limit):
            least, most = (LIMITED[clamp](it, limit.exact) for it in _limits(of))
            return least, most
        case Negative(of):
            of_number = _limits(of)
            return -of_number[1], -of_number[0]
        case Arithmetic("+", left, right):
            of_left, of_right = _limits(left), _limits(right)
            return of_left[0] + of_right[0], of_left[1] + of_right[1]
        case _:
            return _ANY


def _span(least: Number, most: Number) -> str:
    if least == -inf:
        return f"at most {float(most):g}"
    return f"at least {float(least):g}" if most == inf else f"{float(least):g} to {float(most):g}"


def _is_beyond(sign: Sign, other: object, least: Number, most: Number) -> bool:
    """Tell whether no value from ``least`` to ``most`` compares so with the other side."""
    match sign, other:
        case "<", Literal():
            return other.exact <= least
        case "<=", Literal():
            return other.exact < least
        case ">", Literal():
            return other.exact >= most
        case ">=", Literal():
            return other.exact > most
        case "==", Literal():
            return not least <= other.exact <= most
        case "in", ListLiteral(values):
            return not any(isinstance(it, int | float) and least <= it <= most for it in values)
        case _:
            return False
