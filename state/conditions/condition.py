"""Conditions over one customer: whether they hold, when they begin to by themselves, and why they do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

from state.conditions.codegen import CodeWriter
from state.conditions.direction import RISES, direction_of, motion_of_leaf, ordered
from state.conditions.errors import ConditionError
from state.conditions.explain import Leg, Reason
from state.conditions.features import Catalogue
from state.conditions.monotone import Motion
from state.conditions.next_change import Flip, Moment, Opposite, Together
from state.conditions.nodes import (
    All,
    Arithmetic,
    Comparison,
    Leaf,
    Not,
    Operand,
    Read,
    Some,
    Test,
    Trait,
    operands_of,
)
from state.conditions.parse import read_condition

__all__ = [
    "Condition",
    "ConditionError",
    "compile_condition",
    "entering",
    "opposite",
]

CENTURY = 36_525 * 86_400_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. Instants are ms since 1970 UTC.

    `features` are the names that it reads (traits as `traits.name`), `aspects` the parts of a customer that these
    read, `windows` the windows (days) at whose roll-offs it may change; `may_begin` is whether it could begin to hold
    by itself at all. `holds(customer, t)` tells whether it holds.
    """

    text: str
    features: frozenset[str]
    aspects: int
    windows: frozenset[int]
    holds: Callable[[Any, int], bool]
    tree: Test
    catalogue: Catalogue
    flip: Flip
    may_begin: bool
    reason: Reason

    def begins(self, customer: Any, t: int, until: int | None = None) -> int | None:
        """The first instant after t, up to `until` (100 years from t), at which it holds if nothing happens.

        It does not hold at t. The nearer `until`, the cheaper the answer.
        """
        end = t + CENTURY if until is None else until
        return self.flip.first(True, customer, t + 1, end) if end > t and self.may_begin else None

    def why(self, customer: Any, t: int) -> str:
        """The comparisons that make it hold (or keep it from holding), with their values."""
        return self.reason.said(customer, t)


def compile_condition(text: str, catalogue: Catalogue) -> Condition:
    """The condition that a text says; raises ConditionError."""
    return _condition(text, read_condition(text, catalogue), catalogue)


def entering(enter: Condition, leave: Condition) -> Condition:
    """Holds when `enter` holds and `leave` does not. Its reasons are those of `enter`."""
    if leave.tree == Not(enter.tree):
        return enter
    tree = All((enter.tree, Not(leave.tree)))
    both = _condition(f"({enter.text}) and not ({leave.text})", tree, enter.catalogue)
    return replace(both, reason=enter.reason)


def opposite(condition: Condition) -> Condition:
    """Holds when the condition does not."""
    return _condition(f"not ({condition.text})", Not(condition.tree), condition.catalogue)


def _condition(text: str, tree: Test, catalogue: Catalogue) -> Condition:
    operands = operands_of(tree)
    features = [operand.feature for operand in operands if isinstance(operand, Read)]
    traits = {f"traits.{operand.name}" for operand in operands if isinstance(operand, Trait)}
    parts = [feature.aspects for feature in features] + [catalogue.trait_aspects] * bool(traits)
    flip = _flip(tree, catalogue)
    return Condition(
        text=text,
        features=frozenset({feature.name for feature in features} | traits),
        aspects=reduce(or_, parts, 0),
        windows=frozenset(window for operand in operands for window in operand.motion.windows),
        holds=_answering(catalogue, tree),
        tree=tree,
        catalogue=catalogue,
        flip=flip,
        may_begin=flip.may_become(True),
        reason=Reason(tree, lambda leaf: _leg(leaf, catalogue), lambda leaves: _answering_all(catalogue, leaves)),
    )


def _answering(catalogue: Catalogue, test: Test) -> Callable[[Any, int], bool]:
    writer = CodeWriter(catalogue)
    return writer.compiled(writer.test(test, set()))


def _answering_all(catalogue: Catalogue, tests: Iterable[Test]) -> Callable[[Any, int], tuple[bool, ...]]:
    writer = CodeWriter(catalogue)
    return writer.compiled(writer.tuple_of([writer.test(test, set()) for test in tests]))


def _valuing(catalogue: Catalogue, operand: Operand) -> Callable[[Any, int], Any]:
    writer = CodeWriter(catalogue)
    return writer.compiled(writer.operand(operand, set()))


def _leg(leaf: Leaf, catalogue: Catalogue) -> Leg:
    left, right = (leaf.left, leaf.right) if isinstance(leaf, Comparison) else (leaf.operand, leaf.operand)
    return Leg(leaf, _valuing(catalogue, left), _valuing(catalogue, right))


def _flip(test: Test, catalogue: Catalogue) -> Flip:
    match test:
        case All(parts) | Some(parts):
            flips = sorted((_flip(part, catalogue) for part in parts), key=lambda flip: flip.restless)
            return Together(tuple(flips), every=isinstance(test, All))
        case Not(part):
            return Opposite(_flip(part, catalogue))
        case Comparison() if test.motion.moves and test.sign not in RISES:
            return _flip(ordered(test), catalogue)
        case _:
            return _moment(test, motion_of_leaf(test), catalogue)


def _moment(leaf: Leaf, motion: Motion, catalogue: Catalogue) -> Moment:
    gap = None
    direction = direction_of(leaf, motion)
    if isinstance(leaf, Comparison) and leaf.sign in RISES and motion.terms:
        gap = _valuing(catalogue, Arithmetic("-", leaf.left, leaf.right, motion))
    windows = tuple(sorted(motion.windows))
    return Moment(_answering(catalogue, leaf), gap, windows, direction, motion.curved, catalogue.rolloffs)
