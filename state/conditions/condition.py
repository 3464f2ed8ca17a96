"""Conditions on one customer: whether they hold, when they begin to hold by themselves, and why they do."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from state.conditions.catalogue import Catalogue
from state.conditions.codegen import CodeWriter
from state.conditions.direction import RISES, as_inequalities, direction_of, leaf_monotonicity
from state.conditions.explain import Explanation, Reason, Truths
from state.conditions.features import Feature, Instants
from state.conditions.next_change import CombinedChange, Gap, LeafChange, NegatedChange, NextChange
from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Comparison,
    FeatureRef,
    Leaf,
    Not,
    Operand,
    Test,
    Trait,
    names_of,
    operands_of,
)
from state.conditions.one_line import on_one_line
from state.conditions.parse import parse_condition
from state.customer.customer import Customer
from state.customer.parts import TRAITS

CENTURY = 36_525 * 86_400_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition, with its text on one line. Instants are ms since 1970 UTC.

    ``names`` are those that it reads (traits as ``traits.NAME``), ``parts`` the bits of the parts of a customer that
    these read, ``windows`` the windows (days) at whose roll-offs it may change. ``may_begin`` is whether it can begin
    to hold by itself at all. ``holds(customer, at)`` returns whether it holds.
    """

    text: str
    names: frozenset[str]
    parts: int
    windows: frozenset[int]
    holds: Callable[[Customer, int], bool]
    tree: Test
    catalogue: Catalogue
    next_change: NextChange
    may_begin: bool
    explanation: Explanation

    @property
    def features(self) -> list[Feature]:
        """The features that it reads."""
        return [it.feature for it in operands_of(self.tree) if isinstance(it, FeatureRef)]

    @property
    def segments(self) -> frozenset[str]:
        """The keys of the segments that it asks about."""
        return frozenset(filter(None, (it.segment for it in self.features)))

    def asks_membership(self, segment: str) -> bool:
        """Tell whether it asks if a customer is in a segment, and not only how they were in it before."""
        return any([it.segment == segment and not it.history_of for it in self.features])

    def asked_of_ladder(self, ladder: str) -> list[str]:
        """Return the names of what it asks about a ladder, in their order."""
        return sorted({it.name for it in self.features if it.ladder and it.ladder == ladder})

    def begins(self, customer: Customer, at: int, until: int | None = None) -> int | None:
        """Return the first instant after ``at``, up to ``until`` (100 years from ``at``), at which it holds by itself.

        It must not hold at ``at``. The nearer ``until``, the cheaper the answer.
        """
        end = at + CENTURY if until is None else until
        return self.next_change.first(True, customer, at + 1, end) if end > at and self.may_begin else None

    def why(self, customer: Customer, at: int) -> str:
        """Return the comparisons that make it hold (or keep it from holding), with their values."""
        return "; ".join(self.why_parts(customer, at))

    def why_parts(self, customer: Customer, at: int) -> list[str]:
        """Return the parts of ``why``."""
        return self.explanation.parts(customer, at)

    def reasons(self, customer: Customer, at: int) -> list[Reason]:
        """Return the same comparisons, each with what it is about."""
        return self.explanation.reasons(customer, at)


def compile_condition(text: str, catalogue: Catalogue) -> Condition:
    """Return the condition of a text. Raises ``ConditionError``."""
    return condition_of(on_one_line(text), parse_condition(text, catalogue), catalogue)


def entering(enter: Condition, leave: Condition) -> Condition:
    """Return a condition that holds when ``enter`` does and ``leave`` does not."""
    if leave.tree == Not(enter.tree):
        return enter
    tree = AllOf((enter.tree, Not(leave.tree)))
    return condition_of(f"({enter.text}) and not ({leave.text})", tree, enter.catalogue)


def opposite(condition: Condition) -> Condition:
    """Return a condition that holds when the given one does not."""
    return condition_of(f"not ({condition.text})", Not(condition.tree), condition.catalogue)


def condition_of(text: str, tree: Test, catalogue: Catalogue) -> Condition:
    """Return the condition of a syntax tree, whose text on one line is given."""
    operands = operands_of(tree)
    compiler = _Compiler(text, catalogue)
    next_change = compiler.next_change(tree)
    return Condition(
        text=text,
        names=names_of(tree),
        parts=reduce(or_, map(_parts_of, operands), 0),
        windows=frozenset(window for operand in operands for window in operand.monotonicity.windows),
        holds=compiler.holds(tree),
        tree=tree,
        catalogue=catalogue,
        next_change=next_change,
        may_begin=next_change.may_become(True),
        explanation=Explanation(tree, catalogue, compiler.truths),
    )


def _parts_of(operand: Operand) -> int:
    return operand.feature.parts if isinstance(operand, FeatureRef) else TRAITS if isinstance(operand, Trait) else 0


class _Compiler:
    """The compiler of one condition's functions."""

    def __init__(self, text: str, catalogue: Catalogue) -> None:
        self._text = text
        self._catalogue = catalogue

    def holds(self, test: Test) -> Callable[[Customer, int], bool]:
        """Return a function that tells whether a test holds."""
        writer = CodeWriter(self._catalogue)
        return writer.function("holds", self._text, writer.test(test, set()))

    def truths(self, leaves: list[Leaf]) -> Truths:
        """Return a function that tells of each leaf whether it holds."""
        writer = CodeWriter(self._catalogue)
        tests = "".join(f"{writer.test(leaf, set())}, " for leaf in leaves)
        return writer.function("truths", self._text, f"({tests})")

    def next_change(self, test: Test) -> NextChange:
        """Return what finds the next instant at which a test changes."""
        match test:
            case AllOf(parts) | AnyOf(parts):
                changes = sorted((self.next_change(part) for part in parts), key=lambda it: it.cost)
                return CombinedChange(tuple(changes), every=isinstance(test, AllOf))
            case Not(part):
                return NegatedChange(self.next_change(part))
            case Comparison() if test.is_equality_that_moves:
                return self.next_change(as_inequalities(test))
            case _:
                return self._leaf_change(test)

    def _leaf_change(self, leaf: Leaf) -> LeafChange:
        monotonicity = leaf_monotonicity(leaf)
        gap = None
        if isinstance(leaf, Comparison) and leaf.sign in RISES and monotonicity.terms:
            gap = self._gap(Arithmetic("-", leaf.left, leaf.right, monotonicity))
        return LeafChange(
            holds=self.holds(leaf),
            gap=gap,
            edges=(*self._roll_offs(leaf, monotonicity.windows), *monotonicity.instants),
            turns=tuple(monotonicity.turns),
            direction=direction_of(leaf, monotonicity.between_turns),
            curved=monotonicity.curved,
        )

    def _roll_offs(self, leaf: Leaf, windows: Iterable[int]) -> Iterator[Instants]:
        features = [it.feature for it in operands_of(leaf) if isinstance(it, FeatureRef)]
        for window in windows:
            yield self._catalogue.roll_offs(window, [it for it in features if window in (it.window, it.before)])

    def _gap(self, difference: Arithmetic) -> Gap:
        writer = CodeWriter(self._catalogue)
        return writer.function("gap", self._text, writer.operand(difference, set()))
