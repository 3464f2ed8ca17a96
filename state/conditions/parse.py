"""Reads the text of a condition into a tree, checking every name and every kind of value."""

import ast
import difflib
import warnings
from typing import get_args

from state.conditions.errors import ConditionError, error_at, hint, place
from state.conditions.features import Catalogue, Kind
from state.conditions.monotone import Direction
from state.conditions.nodes import (
    All,
    Comparison,
    Known,
    Listed,
    Literal,
    Not,
    Operand,
    Read,
    Sign,
    Some,
    Test,
    Trait,
    Truth,
)
from state.conditions.parse_operands import OperandReader

MAX_LENGTH = 4000
_SIGNS: dict[type[ast.cmpop], Sign] = dict(
    zip(
        (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
        get_args(Sign),
        strict=True,
    )
)
_ORDERED = ("<", "<=", ">", ">=")


def read_condition(text: str, catalogue: Catalogue) -> Test:
    """The tree that the text says; raises ConditionError."""
    if not text.strip():
        raise ConditionError("the condition is empty", 1, "write one, as in `orders_90d >= 2`")
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"the condition is longer than {MAX_LENGTH} characters", 1, "write it shorter")
    # In parentheses a condition may go over several lines; the end of a comment must not swallow the last.
    source = f"({text}\n)"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            root = ast.parse(source, mode="eval").body
        if root.lineno == 1 and root.col_offset == 0:
            raise ConditionError("this is not one condition", 1, hint(text))
        return _TestReader(source, catalogue).test(root)
    except SyntaxError as error:
        row, column = error.lineno or 1, (error.offset or 1) - 1
        row, column = (row, column) if row == 1 else (row, column + 1)
        if row > text.count("\n") + 1:
            row, column = place(source, text.count("\n") + 1, len(source.encode()))
        raise ConditionError("this cannot be read", max(column, 1), hint(text), row) from None
    except ValueError as error:
        if isinstance(error, ConditionError):
            raise
        raise ConditionError("this cannot be read", 1, "remove what is not text") from None
    except (RecursionError, MemoryError):
        raise ConditionError("the condition is nested too deeply", 1, "write it flatter") from None


class _TestReader:
    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self._source = source
        self._operands = OperandReader(source, catalogue)

    def _error(self, node: ast.expr, message: str, fix: str) -> ConditionError:
        return error_at(self._source, node, message, fix)

    def test(self, node: ast.expr) -> Test:
        match node:
            case ast.BoolOp(ast.And(), values):
                return All(tuple(self.test(value) for value in values))
            case ast.BoolOp(ast.Or(), values):
                return Some(tuple(self.test(value) for value in values))
            case ast.UnaryOp(ast.Not(), of):
                return Not(self.test(of))
            case ast.Compare():
                return self._chain(node)
            case _:
                return self._truth(node)

    def _truth(self, node: ast.expr) -> Test:
        operand = self._operands.operand(node)
        text = self._operands.text(node)
        if isinstance(operand, Trait):
            operand = Trait(operand.name, Kind.FLAG)
        if operand.kind is not Kind.FLAG:
            kind = operand.kind.value if operand.kind else "trait"
            example = "> 0" if operand.kind is Kind.NUMBER else "is known"
            raise self._error(node, f"`{text}` is a {kind}, not a yes or no", f"compare it, as in `{text} {example}`")
        return Truth(operand, text)

    def _chain(self, node: ast.Compare) -> Test:
        sides = [node.left, *node.comparators]
        operators = [type(operator) for operator in node.ops]
        if any(operator in (ast.Is, ast.IsNot) for operator in operators):
            return self._known(node)
        if len(operators) > 1 and any(operator in (ast.In, ast.NotIn) for operator in operators):
            raise self._error(node, "`in` cannot be part of a chain", "join two comparisons by `and`")
        links = tuple(
            self._comparison(left, _SIGNS[operator], right)
            for left, operator, right in zip(sides, operators, sides[1:], strict=False)
        )
        return links[0] if len(links) == 1 else All(links)

    def _known(self, node: ast.Compare) -> Test:
        match node:
            case ast.Compare(left, [operator], [ast.Name("known")]):
                known = Known(self._operands.operand(left), self._operands.text(left))
                return Not(known) if isinstance(operator, ast.IsNot) else known
            case _:
                raise self._error(node, "after `is` comes `known` or `not known`", "write `==` to compare values")

    def _comparison(self, left_node: ast.expr, sign: Sign, right_node: ast.expr) -> Comparison:
        read = self._operands
        left = read.operand(left_node)
        is_list = isinstance(right_node, ast.List | ast.Tuple | ast.Set)
        right = (
            read.listed(right_node)
            if isinstance(right_node, ast.List | ast.Tuple | ast.Set)
            else (read.operand(right_node))
        )
        if is_list and sign not in ("in", "not in"):
            raise self._error(right_node, f"a list cannot follow `{sign}`", "write `in` before a list")
        left, right = self._of_one_kind(left_node, left, sign, right_node, right)
        for node, operand, other in ((left_node, left, right), (right_node, right, left)):
            self._check_words(node, operand, other)
        comparison = Comparison(sign, left, right, read.text(left_node), read.text(right_node))
        return self._steadied(left_node, comparison)

    def _of_one_kind(
        self, left_node: ast.expr, left: Operand, sign: Sign, right_node: ast.expr, right: Operand
    ) -> tuple[Operand, Operand]:
        texts = (self._operands.text(left_node), self._operands.text(right_node))
        if sign in ("in", "not in") and not isinstance(right, Listed):
            if right.kind is not Kind.TEXTS:
                raise self._error(
                    right_node, f"`{texts[1]}` is not a list", 'write a list after `in`, as in ["DE", "FR"]'
                )
            if isinstance(left, Trait):
                left = Trait(left.name, Kind.TEXT)
            if left.kind is not Kind.TEXT:
                raise self._error(left_node, f"`{texts[1]}` is a list of texts", "ask for a text in it")
            return left, right
        if isinstance(left, Trait) and isinstance(right, Trait):
            raise self._error(left_node, "two traits cannot be compared", "compare a trait with a value")
        if isinstance(left, Trait):
            left = Trait(left.name, right.kind)
        if isinstance(right, Trait):
            right = Trait(right.name, left.kind)
        if left.kind is Kind.TEXTS or right.kind is Kind.TEXTS:
            name = texts[0] if left.kind is Kind.TEXTS else texts[1]
            raise self._error(left_node, f"`{name}` is a list of texts", f'write `"..." in {name}`')
        if left.kind is not right.kind:
            kinds = [operand.kind.value if operand.kind else "trait" for operand in (left, right)]
            raise self._error(
                right_node,
                f"`{texts[0]}` is a {kinds[0]} and `{texts[1]}` a {kinds[1]}",
                "compare values of the same sort",
            )
        if sign in _ORDERED and left.kind is not Kind.NUMBER:
            raise self._error(
                left_node, f"`{sign}` compares numbers only", "write `==`, `!=` or `in` for anything else"
            )
        return left, right

    def _check_words(self, node: ast.expr, operand: Operand, other: Operand) -> None:
        if not isinstance(other, Read) or not other.feature.limits:
            return
        written = (
            operand.values if isinstance(operand, Listed) else (operand.value,) if isinstance(operand, Literal) else ()
        )
        allowed = other.feature.limits
        for word in written:
            if word not in allowed:
                near = difflib.get_close_matches(str(word), allowed, n=1)
                fix = f'did you mean "{near[0]}"?' if near else "it is one of " + ", ".join(allowed)
                raise self._error(node, f'`{other.feature.name}` is never "{word}"', fix)

    def _steadied(self, node: ast.expr, comparison: Comparison) -> Comparison:
        motion = comparison.motion
        if motion.terms == 1 and not motion.curved and comparison.sign not in _ORDERED:
            raise self._error(
                node,
                f"`{comparison.left_text} {comparison.sign} {comparison.right_text}` would hold or fail "
                "for a single millisecond",
                "write a range, as in `7 <= days_since_order < 8`",
            )
        if motion.terms < 2 or motion.flow is not Direction.EITHER:
            return comparison
        if motion.curved:
            raise self._error(
                node,
                "both sides move with every moment, and not in straight lines",
                "compare this with something that changes only by events or by days",
            )
        return Comparison(
            comparison.sign,
            comparison.left,
            comparison.right,
            comparison.left_text,
            comparison.right_text,
            steadied=True,
        )
