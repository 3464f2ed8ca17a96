"""The direction of a single test: whether it only begins to hold by itself, only ceases to, or does both."""

from dataclasses import replace

from state.conditions.monotone import CONSTANT, Direction, Monotonicity
from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Clamped,
    Comparison,
    FeatureRef,
    Known,
    Leaf,
    ListLiteral,
    Literal,
    Negative,
    Operand,
    Test,
)
from state.conditions.signs import Sign

# Whether the comparison begins to hold as its left side rises.
RISES = {">": True, ">=": True, "<": False, "<=": False}


def leaf_monotonicity(leaf: Leaf) -> Monotonicity:
    """Return how the value that a test looks at changes by itself."""
    if isinstance(leaf, Comparison):
        return leaf.monotonicity
    if isinstance(leaf, Known) and not leaf.operand.monotonicity.gaps:
        return CONSTANT
    return leaf.operand.monotonicity


def may_become_known(operand: Operand) -> bool:
    """Tell whether a missing value can become known by itself.

    A quotient can, when its divisor leaves zero, and what a window holds that ends earlier, when something enters it.
    """
    match operand:
        case FeatureRef(feature):
            return feature.before is not None
        case Arithmetic(sign, left, right):
            steps = sign == "/" and right.monotonicity.has_steps
            return steps or may_become_known(left) or may_become_known(right)
        case Negative(of) | Clamped(_, of):
            return may_become_known(of)
        case _:
            return False


def direction_of(leaf: Leaf, monotonicity: Monotonicity) -> Direction:
    """Return the direction of a test of that monotonicity; UP is from not holding to holding."""
    if not monotonicity.can_change:
        return Direction.STILL
    if isinstance(leaf, Comparison) and leaf.sign in RISES:
        return monotonicity.direction if RISES[leaf.sign] else monotonicity.direction.flipped
    return Direction.EITHER


def as_inequalities(leaf: Comparison) -> Test:
    """Return an equality as inequalities, whose directions are known: what is equal is neither less nor greater."""
    if isinstance(leaf.right, ListLiteral):
        sign: Sign = "==" if leaf.sign == "in" else "!="
        each = tuple(replace(leaf, sign=sign, right=Literal(value, leaf.right.kind)) for value in leaf.right.values)
        return AnyOf(each) if leaf.sign == "in" else AllOf(each)
    if leaf.sign == "==":
        return AllOf((replace(leaf, sign="<="), replace(leaf, sign=">=")))
    return AnyOf((replace(leaf, sign="<"), replace(leaf, sign=">")))
