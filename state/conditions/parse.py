"""The parser: from the text of a condition to its syntax tree, with every name and every kind of value checked.

Python's own parser reads the text (see ``read_source``); the language is a part of Python's expressions.
"""

import ast
from typing import get_args

from state.conditions.catalogue import Catalogue
from state.conditions.check_comparison import ComparisonChecker
from state.conditions.errors import ConditionError, error_at
from state.conditions.kind import Kind
from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Clamped,
    Comparison,
    Known,
    Literal,
    Not,
    Operand,
    Test,
    Trait,
    Truth,
)
from state.conditions.parse_operands import OperandParser
from state.conditions.read_source import read_source, too_deep
from state.conditions.signs import Sign

_SIGNS: dict[type[ast.cmpop], Sign] = dict(
    zip(
        (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
        get_args(Sign),
        strict=True,
    )
)


def parse_condition(text: str, catalogue: Catalogue) -> Test:
    """Return the syntax tree of a text. Raises ``ConditionError``."""
    source, root = read_source(text)
    try:
        return parse_node(source, root, catalogue)
    except (RecursionError, MemoryError):
        raise too_deep() from None


def parse_node(source: str, node: ast.expr, catalogue: Catalogue) -> Test:
    """Return the syntax tree of a node of Python's, which stands in a source. Raises ``ConditionError``."""
    return _TestParser(source, catalogue).test(node)


class _TestParser:
    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self._source = source
        self._operands = OperandParser(source, catalogue)
        self._checker = ComparisonChecker(self._operands)

    def _error(self, node: ast.expr, message: str, fix: str) -> ConditionError:
        return error_at(self._source, node, message, fix)

    def test(self, node: ast.expr) -> Test:
        match node:
            case ast.BoolOp(ast.And(), values):
                return AllOf(tuple(self.test(value) for value in values))
            case ast.BoolOp(ast.Or(), values):
                return AnyOf(tuple(self.test(value) for value in values))
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
            operand = Trait(operand.name, operand.kind or Kind.FLAG)
        if operand.kind is not Kind.FLAG:
            sort = operand.kind.phrase if operand.kind else "a trait"
            example = "> 0" if operand.kind is Kind.NUMBER else "is known"
            fix = (
                "compare a feature with it" if isinstance(operand, Literal) else f"compare it, as in `{text} {example}`"
            )
            if isinstance(operand, Clamped) and isinstance(node, ast.Call):
                sign = "<=" if operand.clamp == "at_most" else ">="
                number, limit = map(self._operands.text, node.args)
                fix = f"write `{number} {sign} {limit}`"
            raise self._error(node, f"`{text}` is {sort}, not a yes or no", fix)
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
        return links[0] if len(links) == 1 else AllOf(links)

    def _known(self, node: ast.Compare) -> Test:
        match node:
            case ast.Compare(left, [operator], [ast.Name("known")]):
                known = Known(self._operands.operand(left), self._operands.text(left))
                if isinstance(known.operand, Literal):
                    raise self._error(left, f"`{known.text}` is always known", "ask for a feature or a trait")
                return Not(known) if isinstance(operator, ast.IsNot) else known
            case ast.Compare(_, [operator], [ast.Name("null" | "none" | "nil") | ast.Constant(None)]):
                fix = "`is known`" if isinstance(operator, ast.IsNot) else "`is not known`"
                raise self._error(node, "after `is` comes `known` or `not known`", f"write {fix}")
            case _:
                raise self._error(node, "after `is` comes `known` or `not known`", "write `==` to compare values")

    def _comparison(self, left_node: ast.expr, sign: Sign, right_node: ast.expr) -> Comparison:
        operands = self._operands
        left = operands.operand(left_node)
        if isinstance(right_node, ast.List | ast.Tuple | ast.Set):
            right: Operand = operands.list_literal(right_node)
            if sign not in ("in", "not in"):
                raise self._error(right_node, f"a list cannot follow `{sign}`", "write `in` before a list")
        else:
            right = operands.operand(right_node)
        texts = operands.text(left_node), operands.text(right_node)
        comparison = Comparison(sign, left, right, *texts)
        return self._checker.checked(comparison, left_node, right_node)
