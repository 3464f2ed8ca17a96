"""Precision: whether a comparison of doubles can be trusted, or how near its sides must be for doubt.

In mathematics, what a condition compares are rational numbers: whole numbers, their quotients, and decimal numbers as
written. Doubles are close to them. Where that cannot change the answer, they are compared as they are; otherwise, only
if they are farther apart than rounding can account for, and what is nearer is compared exactly.
"""

from enum import Enum

from state.conditions.exact_number import exact
from state.conditions.kind import Kind
from state.conditions.nodes import (
    Arithmetic,
    Clamped,
    Comparison,
    FeatureRef,
    Leaf,
    ListLiteral,
    Literal,
    Negative,
    Operand,
    Trait,
    Truth,
    sides_of,
)

MARGIN = 1e-12
"""The rounding of an expression, relative to the sum of its terms without their signs; far above the true one."""
_DOUBLE_BITS = 53
_COUNT_BITS = 40


class Trust(Enum):
    """What doubles are good for: ``FULL`` for the answer, ``APART`` for it unless they are near, or for ``NONE``."""

    FULL = "full"
    APART = "apart"
    NONE = "none"


def trust_of(leaf: Leaf) -> Trust:
    """Return what the doubles of a test's sides are good for."""
    sides = sides_of(leaf)
    if isinstance(leaf, Truth) or any(side.kind is not Kind.NUMBER for side in sides):
        return Trust.FULL
    if any(map(_may_divide_by_rounding, sides)):
        return Trust.NONE
    if not isinstance(leaf, Comparison):
        return Trust.FULL
    if isinstance(leaf.right, ListLiteral):
        each = (Literal(value, Kind.NUMBER) for value in leaf.right.values)
        return Trust.FULL if all(_is_safe(leaf.left, value) for value in each) else Trust.NONE
    return Trust.FULL if _is_safe(leaf.left, leaf.right) else Trust.APART


def _may_divide_by_rounding(operand: Operand) -> bool:
    """Tell whether a divisor is calculated: it could be zero as a double, and not in mathematics, or the reverse."""
    match operand:
        case Negative(of) | Clamped(_, of):
            return _may_divide_by_rounding(of)
        case Arithmetic(sign, left, right):
            divisor = right.of if isinstance(right, Negative) else right
            if sign == "/" and isinstance(divisor, Arithmetic | Negative | Clamped) and not _is_exact(divisor):
                return True
            return _may_divide_by_rounding(left) or _may_divide_by_rounding(right)
        case _:
            return False


def _is_safe(left: Operand, right: Operand) -> bool:
    if (_is_exact(left) or _is_itself(left)) and (_is_exact(right) or _is_itself(right)):
        # Two sums of whole numbers, or two values as they are; not one of each, unless it is a single number.
        return (_is_exact(left) and _is_exact(right)) or (_is_itself(left) and _is_itself(right))
    return _is_far(left, right) or _is_far(right, left)


def _is_far(quotient: Operand, number: Operand) -> bool:
    """Tell whether a rounded quotient equals a number in the text only if it does so in mathematics.

    Two different fractions are at least 1 / (product of the denominators) apart, which doubles of this size can tell.
    """
    if not isinstance(quotient, FeatureRef) or not isinstance(number, Literal):
        return False
    denominators = quotient.feature.formula.denominators
    return len(denominators) == 1 and abs(number.exact.numerator) * denominators[0] < 2 ** (_DOUBLE_BITS - 2)


def _is_itself(operand: Operand) -> bool:
    """Tell whether the value is exactly what it stands for."""
    match operand:
        case Literal():
            return operand.fraction is None or operand.fraction == exact(operand.number)
        case FeatureRef(feature):
            return feature.is_exact
        case Negative(of):
            return _is_itself(of)
        case Clamped(_, of, limit):
            return _is_itself(of) and _is_itself(limit)
        case _:
            return isinstance(operand, Trait)


def _is_exact(operand: Operand) -> bool:
    """Tell whether a double holds the value without rounding."""
    bits = _bits(operand)
    return bits is not None and sum(bits) <= _DOUBLE_BITS


def _bits(operand: Operand) -> tuple[int, int] | None:
    """Return how many bits before and after the point a value has at most; None if that is not known."""
    match operand:
        case Literal():
            number = operand.exact
            after = number.denominator.bit_length() - 1
            return (int(abs(number)).bit_length(), after) if number.denominator == 1 << after else None
        case FeatureRef(feature):
            return (_COUNT_BITS, 0) if feature.formula.is_whole else None
        case Negative(of):
            return _bits(of)
        case Clamped(_, of, limit):
            one, two = _bits(of), _bits(limit)
            return None if one is None or two is None else (max(one[0], two[0]), max(one[1], two[1]))
        case Arithmetic("+" | "-" | "*" as sign, left, right):
            one, two = _bits(left), _bits(right)
            if one is None or two is None or sum(one) > _DOUBLE_BITS or sum(two) > _DOUBLE_BITS:
                return None
            if sign == "*":
                return one[0] + two[0], one[1] + two[1]
            return max(one[0], two[0]) + 1, max(one[1], two[1])
        case _:
            return None
