"""Which way a single test goes by itself: only towards holding, only away from it, or both."""

from state.conditions.expression import Comparison, Known, Leaf
from state.conditions.motion import Direction, Motion

# Whether the comparison begins to hold as its left side rises.
RISES = {">": True, ">=": True, "<": False, "<=": False}


def motion_of_leaf(leaf: Leaf) -> Motion:
    """The movement of what a test looks at."""
    if isinstance(leaf, Comparison):
        return leaf.motion
    if isinstance(leaf, Known) and not leaf.operand.motion.gaps:
        return Motion()
    return leaf.operand.motion


def direction_of(leaf: Leaf, motion: Motion) -> Direction:
    """The direction of a test whose sides move so: UP from not holding to holding."""
    if not motion.moves:
        return Direction.STILL
    if isinstance(leaf, Comparison) and leaf.sign in RISES:
        return motion.direction if RISES[leaf.sign] else motion.direction.flipped
    return Direction.EITHER
