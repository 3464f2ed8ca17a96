"""Comparisons that follow from one another: who has at least nine has more than seven, and has a known number."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Comparison,
    FeatureRef,
    Known,
    Leaf,
    Literal,
    Not,
    Test,
    Trait,
    Truth,
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


Given = tuple[Leaf, bool]
"""A leaf that holds, or does not."""


def certain(test: Test, *, held: bool) -> Iterator[Given]:
    """Yield what is certain of single leaves where a test holds, or does not."""
    match test:
        case Not(part):
            yield from certain(part, held=not held)
        case AllOf(parts) if held:
            for part in parts:
                yield from certain(part, held=held)
        case AnyOf(parts) if not held:
            for part in parts:
                yield from certain(part, held=held)
        case Comparison() | Known() | Truth():
            yield test, held


def follows(test: Test, given: Sequence[Given], *, held: bool) -> bool:
    """Tell whether a test holds, or does not, wherever all that is given is so; False if that is not certain."""
    match test:
        case Not(part):
            return follows(part, given, held=not held)
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(test, AllOf) is held
            return (all if every else any)([follows(part, given, held=held) for part in parts])
        case Comparison() | Known() | Truth():
            return any(_implies(it, (test, held)) for it in given)


def _implies(given: Given, wanted: Given) -> bool:
    if given[1] is wanted[1] and _text(given[0]) == _text(wanted[0]):
        return True
    if not given[1] and wanted[1]:  # a comparison that does not hold may lack its value
        return False
    proof, needed = proof_of(*given), proof_of(*wanted)
    return proof is not None and needed is not None and proof.implies(needed)


def _text(leaf: Leaf) -> str:
    match leaf:
        case Comparison():
            return f"{leaf.left_text} {leaf.sign} {leaf.right_text}"
        case Known():
            return f"{leaf.text} is known"
        case Truth():
            return leaf.text
