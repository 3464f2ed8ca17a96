"""Which way a single test goes by itself: only towards holding, only away from it, or both; and what may come known."""

from dataclasses import replace

from state.conditions.monotone import Direction, Motion
from state.conditions.nodes import (
    All,
    Arithmetic,
    Comparison,
    Known,
    Leaf,
    Listed,
    Literal,
    Negative,
    Operand,
    Sign,
    Some,
    Test,
)

# Whether the comparison begins to hold as its left side rises.
RISES = {">": True, ">=": True, "<": False, "<=": False}


def motion_of_leaf(leaf: Leaf) -> Motion:
    """The movement of what a test looks at."""
    if isinstance(leaf, Comparison):
        return leaf.motion
    if isinstance(leaf, Known) and not leaf.operand.motion.gaps:
        return Motion()
    return leaf.operand.motion


def may_become_known(operand: Operand) -> bool:
    """Whether a value that is missing can become known by itself: a quotient whose divisor steps away from zero can."""
    match operand:
        case Arithmetic(sign, left, right):
            steps = sign == "/" and bool(right.motion.windows)
            return steps or may_become_known(left) or may_become_known(right)
        case Negative(of):
            return may_become_known(of)
        case _:
            return False


def direction_of(leaf: Leaf, motion: Motion) -> Direction:
    """The direction of a test whose sides move so: UP from not holding to holding."""
    if not motion.moves:
        return Direction.STILL
    if isinstance(leaf, Comparison) and leaf.sign in RISES:
        return motion.direction if RISES[leaf.sign] else motion.direction.flipped
    return Direction.EITHER


def ordered(leaf: Comparison) -> Test:
    """The same in signs of which it is known which way they go: what is equal is neither less nor greater."""
    if isinstance(leaf.right, Listed):
        sign: Sign = "==" if leaf.sign == "in" else "!="
        each = tuple(replace(leaf, sign=sign, right=Literal(value, leaf.right.kind)) for value in leaf.right.values)
        return Some(each) if leaf.sign == "in" else All(each)
    if leaf.sign == "==":
        return All((replace(leaf, sign="<="), replace(leaf, sign=">=")))
    return Some((replace(leaf, sign="<"), replace(leaf, sign=">")))
