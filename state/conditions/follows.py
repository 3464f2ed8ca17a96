"""What follows from comparisons: others that hold wherever they do, and those that never hold beside them.

Only what is certain is found: False, or None, means that it may be so or not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product

from state.conditions.claims import Claim, claim_of
from state.conditions.implied import proof_of
from state.conditions.nodes import AllOf, AnyOf, Comparison, FeatureRef, Known, Leaf, Literal, Not, Test, Truth
from state.conditions.value_sets import AllBut, Some, ValueSet, Within, is_part


@dataclass(frozen=True)
class Given:
    """A leaf that holds, or does not."""

    leaf: Leaf
    held: bool

    @cached_property
    def text(self) -> str:
        """The leaf as it is written."""
        return text_of(self.leaf)

    @cached_property
    def claim(self) -> Claim | None:
        """What it says of a value, if that is something of this sort."""
        return claim_of(self.leaf, self.held)

    @cached_property
    def opposite(self) -> "Given":
        """That the leaf does not hold, or does."""
        return Given(self.leaf, not self.held)


def certain(test: Test, *, held: bool) -> Iterator[Given]:
    """Yield what is certain of single leaves where a test holds, or does not."""
    match test:
        case Not(part):
            yield from certain(part, held=not held)
        case AllOf(parts) | AnyOf(parts):
            if isinstance(test, AllOf) is held:
                for part in parts:
                    yield from certain(part, held=held)
        case Comparison() | Known() | Truth():
            yield Given(test, held)


def follows(test: Test, given: Sequence[Given], *, held: bool) -> bool:
    """Tell whether a test holds, or does not, wherever all that is given is so; False if that is not certain."""
    match test:
        case Not(part):
            return follows(part, given, held=not held)
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(test, AllOf) is held
            return (all if every else any)([follows(part, given, held=held) for part in parts])
        case Comparison() | Known() | Truth():
            wanted = Given(test, held)
            return any(_implies(it, wanted) for it in given)


def exclude(one: Given, other: Given) -> bool:
    """Tell whether two leaves are never so together; False if that is not certain."""
    return _implies(one, other.opposite) or _implies(other, one.opposite)


def contradiction(test: Test, given: Sequence[Given] = (), *, held: bool = True) -> tuple[Given, Given] | None:
    """Return two leaves by which a test is never so where all that is given is; None if there are none for certain."""
    match test:
        case Not(part):
            return contradiction(part, given, held=not held)
        case AllOf(parts) | AnyOf(parts) if isinstance(test, AllOf) is held:
            here = list(certain(test, held=held))
            for one, other in (*product(given, here), *combinations(here, 2)):
                if exclude(one, other):
                    return one, other
            others = [part for part in parts if not isinstance(part, Comparison | Known | Truth)]
            found = (contradiction(part, (*given, *here), held=held) for part in others)
            return next((it for it in found if it is not None), None)
        case AllOf(parts) | AnyOf(parts):
            of_parts = [contradiction(part, given, held=held) for part in parts]
            return of_parts[0] if all(of_parts) else None
        case Comparison() | Known() | Truth():
            leaf = Given(test, held)
            return next(((it, leaf) for it in given if exclude(it, leaf)), None)


def is_met_by_all(test: Test, *, held: bool = True) -> bool:
    """Tell whether a test always holds, or never does."""
    match test:
        case Not(part):
            return is_met_by_all(part, held=not held)
        case Truth(Literal(value)):
            return bool(value) is held
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(test, AllOf) is held
            is_sum = (all if every else any)([is_met_by_all(part, held=held) for part in parts])
            return is_sum or contradiction(test, held=not held) is not None
        case _:
            return False


def _implies(given: Given, wanted: Given) -> bool:
    if given.held is wanted.held and given.text == wanted.text:
        return True
    if isinstance(wanted.leaf, Known):
        proof, needed = proof_of(given.leaf, given.held), proof_of(wanted.leaf, wanted.held)
        return given.held and proof is not None and needed is not None and needed.asks in proof.known
    one, other = given.claim, wanted.claim
    if one is None or other is None or one.left.is_empty:
        return False
    if one.value == other.value:
        # A comparison that does not hold may lack its value, and then no other one holds.
        return (given.held or not wanted.held or not one.nullable) and is_part(one.left, other.said)
    nested = _nested(one, other)
    return nested is not None and is_part(nested, other.said)


def _nested(one: Claim, other: Claim) -> ValueSet | None:
    """Return what the other value can be, if one of the two is always a part of the other."""
    left, right = one.operand, other.operand
    if not isinstance(left, FeatureRef) or not isinstance(right, FeatureRef) or isinstance(one.left, AllBut):
        return None
    if left.feature.is_part_of(right.feature):
        lowest = _around(one.left)
        return replace(other, said=Within(low=lowest.low, over=lowest.over)).left
    if right.feature.is_part_of(left.feature):
        greatest = _around(one.left)
        return replace(other, said=Within(high=greatest.high, under=greatest.under)).left
    return None


def _around(numbers: Within | Some) -> Within:
    """Return the limits of some numbers."""
    if isinstance(numbers, Within):
        return numbers
    values = [it for it in numbers.values if not isinstance(it, str)]
    return Within(min(values), max(values))


def text_of(leaf: Leaf) -> str:
    """Return a leaf as it is written."""
    match leaf:
        case Comparison():
            return f"{leaf.left_text} {leaf.sign} {leaf.right_text}"
        case Known():
            return f"{leaf.text} is known"
        case Truth():
            return leaf.text
