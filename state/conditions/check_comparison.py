"""The checks of a comparison: whether its sides have the same kind, and whether it can be foreseen."""

import ast
import difflib
from collections.abc import Iterable
from dataclasses import replace

from state.conditions.kind import Kind
from state.conditions.monotone import Direction
from state.conditions.nodes import Comparison, FeatureRef, ListLiteral, Literal, Operand, Trait
from state.conditions.parse_operands import OperandParser

_ORDERED = ("<", "<=", ">", ">=")


class ComparisonChecker:
    """The checker of one condition's comparisons."""

    def __init__(self, operands: OperandParser) -> None:
        self._error = operands.error
        self._tags = operands.catalogue.tags

    def checked(self, comparison: Comparison, left_node: ast.expr, right_node: ast.expr) -> Comparison:
        """Return the comparison, its traits of the kind of the other side. Raises ``ConditionError``."""
        if comparison.sign in ("in", "not in") and not isinstance(comparison.right, ListLiteral):
            comparison = self._in_texts(comparison, left_node, right_node)
        else:
            comparison = self._with_kinds_of_traits(comparison, left_node)
            self._require_one_kind(comparison, left_node, right_node)
        self._require_allowed(left_node, comparison.left, comparison.right)
        self._require_allowed(right_node, comparison.right, comparison.left)
        self._require_foreseeable(comparison, left_node)
        return comparison

    def _in_texts(self, comparison: Comparison, left_node: ast.expr, right_node: ast.expr) -> Comparison:
        """Return a comparison of a text with a feature that is a list of texts."""
        left, right, right_text = comparison.left, comparison.right, comparison.right_text
        if isinstance(right, Trait) and right.kind is Kind.TAGS:
            right = FeatureRef(self._tags[right.name])
        if right.kind is not Kind.TEXTS:
            fix = 'write a list after `in`, as in ["DE", "FR"]'
            if isinstance(right, Trait) and right.kind is None:
                fix = f'declare it in the policy\'s [traits], as in `{right.name} = "texts"`'
            raise self._error(right_node, f"`{right_text}` is not a list", fix)
        if isinstance(left, Trait):
            left = Trait(left.name, left.kind or Kind.TEXT)
        if left.kind is not Kind.TEXT:
            sort = comparison.right.kind or right.kind
            raise self._error(left_node, f"`{right_text}` is {sort.phrase}", "ask for a text in it")
        return replace(comparison, left=left, right=right)

    def _with_kinds_of_traits(self, comparison: Comparison, left_node: ast.expr) -> Comparison:
        left, right = comparison.left, comparison.right
        if isinstance(left, Trait) and isinstance(right, Trait):
            raise self._error(left_node, "two traits cannot be compared", "compare a trait with a value")
        if isinstance(left, Trait):
            return replace(comparison, left=Trait(left.name, left.kind or right.kind))
        if isinstance(right, Trait):
            return replace(comparison, right=Trait(right.name, right.kind or left.kind))
        return comparison

    def _require_one_kind(self, comparison: Comparison, left_node: ast.expr, right_node: ast.expr) -> None:
        left, right = comparison.left.kind, comparison.right.kind
        for kind, name in ((left, comparison.left_text), (right, comparison.right_text)):
            if kind in (Kind.TEXTS, Kind.TAGS):
                raise self._error(left_node, f"`{name}` is {kind.phrase}", f'write `"..." in {name}`')
        for kind, name in ((left, comparison.left_text), (right, comparison.right_text)):
            if kind in (Kind.DATE, Kind.INSTANT):
                fix = f"ask for `days_until({name})`, or whether it `is known`"
                raise self._error(left_node, f"`{name}` is {kind.phrase}", fix)
        if left is not right:
            raise self._error(
                right_node,
                f"`{comparison.left_text}` is {_name(left)} and `{comparison.right_text}` {_name(right)}",
                "compare values of the same sort",
            )
        if comparison.sign in _ORDERED and left is not Kind.NUMBER:
            raise self._error(
                left_node,
                f"`{comparison.sign}` compares numbers only",
                "write `==`, `!=` or `in` for anything else",
            )

    def _require_allowed(self, node: ast.expr, operand: Operand, other: Operand) -> None:
        if not isinstance(other, FeatureRef) or not other.feature.allowed:
            return
        allowed = other.feature.allowed
        for value in _values(operand):
            if value not in allowed:
                near = difflib.get_close_matches(str(value), allowed, n=1)
                fix = f'did you mean "{near[0]}"?' if near else "it is one of " + ", ".join(allowed)
                raise self._error(node, f'`{other.feature.name}` is never "{value}"', fix)

    def _require_foreseeable(self, comparison: Comparison, node: ast.expr) -> None:
        """Raise ``ConditionError`` if the changes of a comparison cannot be found."""
        monotonicity = comparison.monotonicity
        if monotonicity.terms == 1 and not monotonicity.curved and comparison.sign not in _ORDERED:
            raise self._error(
                node,
                f"`{comparison.left_text} {comparison.sign} {comparison.right_text}` would hold or fail "
                "for a single millisecond",
                "write a range, as in `7 <= days_since_order < 8`",
            )
        if monotonicity.terms > 1 and monotonicity.curved and monotonicity.flow is Direction.EITHER:
            raise self._error(
                node,
                "both sides move with every moment, and not in straight lines",
                "compare this with something that changes only by events or by days",
            )


def _values(operand: Operand) -> Iterable[object]:
    match operand:
        case ListLiteral(values):
            return values
        case Literal(value):
            return (value,)
        case _:
            return ()


def _name(kind: Kind | None) -> str:
    return kind.phrase if kind else "a trait"
