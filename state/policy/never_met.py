"""Comparisons that never hold, or always do: a warning about a number outside of what a value can be.

So is a share compared with per cent, or a bucket with how many there are.
"""

from collections.abc import Iterator

from state.conditions.nodes import Comparison, FeatureRef, ListLiteral, Literal, Test, leaves_of
from state.conditions.signs import MIRRORED, OPPOSITE, Sign


def never_met(tree: Test) -> Iterator[tuple[str, str]]:
    """Yield each comparison of a condition that holds for nobody or for everybody, and what to do about it."""
    for leaf in leaves_of(tree):
        if not isinstance(leaf, Comparison):
            continue
        value, other, sign = leaf.left, leaf.right, leaf.sign
        if isinstance(value, Literal):
            value, other, sign = other, value, MIRRORED.get(sign, sign)
        if not isinstance(value, FeatureRef) or value.feature.limits is None:
            continue
        least, most = value.feature.limits
        text = f"`{leaf.left_text} {leaf.sign} {leaf.right_text}`"
        fix = f"`{value.feature.name}` is {least:g} to {most:g}: write a number within these, or leave it out"
        if _is_beyond(sign, other, least, most):
            yield f"{text} never holds", fix
        # Whether a value is known can be asked in this way too.
        elif not value.nullable and _is_beyond(OPPOSITE[sign], other, least, most):
            yield f"{text} holds for everybody", fix


def _is_beyond(sign: Sign, other: object, least: float, most: float) -> bool:
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
