"""Comparisons that follow from one another: who has at least nine has more than seven, and has a known number."""

from fractions import Fraction
from typing import NamedTuple

from state.conditions.nodes import (
    Comparison,
    FeatureRef,
    Known,
    Leaf,
    Literal,
    Trait,
    names_of,
)
from state.conditions.signs import MIRRORED, OPPOSITE


class Proof(NamedTuple):
    """What a leaf proves: that values (as written) are known, and that one is within a limit, if there is one.

    A leaf that only ``asks`` whether a value is known proves no more than that.
    """

    known: frozenset[str]
    limit: "Limit | None" = None
    asks: str = ""

    def implies(self, other: "Proof") -> bool:
        """Tell whether the other one follows."""
        if other.limit is not None:
            return self.limit is not None and self.limit.implies(other.limit)
        return other.asks in self.known


class Limit(NamedTuple):
    """A number in the text that a value is above (``up``) or below, or, unless ``strict``, equal to."""

    value: str
    up: bool
    limit: Fraction
    strict: bool

    def implies(self, other: "Limit") -> bool:
        """Tell whether every value within this limit is within the other one."""
        if (self.value, self.up) != (other.value, other.up):
            return False
        if self.limit == other.limit:
            return self.strict or not other.strict
        return (self.limit > other.limit) is self.up


def proof_of(leaf: Leaf, held: bool) -> Proof | None:
    """Return what a leaf proves by holding or not, if its values are known; None if it proves nothing."""
    if isinstance(leaf, Known):
        # A value alone is asked for by its name, since calls that mean the same can be written in several ways.
        (asks,) = names_of(leaf) if isinstance(leaf.operand, FeatureRef | Trait) else (leaf.text,)
        return Proof(frozenset(), asks=asks) if held else None
    if not isinstance(leaf, Comparison):
        return None
    sign = leaf.sign if held else OPPOSITE[leaf.sign]
    value, limit, text = leaf.left, leaf.right, leaf.left_text
    if isinstance(value, Literal):
        value, limit, text, sign = limit, value, leaf.right_text, MIRRORED.get(sign, sign)
    known = names_of(leaf) | {leaf.left_text, leaf.right_text}
    if sign not in MIRRORED or not isinstance(limit, Literal) or isinstance(value, Literal):
        return Proof(known)
    return Proof(known, Limit(text, sign in (">", ">="), limit.exact, sign in ("<", ">")))
