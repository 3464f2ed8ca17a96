"""Conditions, evaluated by walking Python's syntax tree of their text."""

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass

Scalar = float | str | bool
Value = Scalar | tuple[str, ...] | None
Lookup = Callable[[str], Value]
Read = Callable[[Lookup], Value]
Test = Callable[[Lookup], bool]

MOVING = {
    "days_since_order",
    "days_since_first_order",
    "days_since_visit",
    "days_known",
    "days_in_stage",
    "oldest_ticket_days",
    "p_alive",
}
COMPARED: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
CALCULATED: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Crossing:
    """A comparison that time alone can turn: its two sides."""

    left: Read
    right: Read

    def sign(self, values: Lookup) -> int | None:
        left, right = self.left(values), self.right(values)
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            return None
        return (left > right) - (left < right)


class Condition:
    """A condition's text, as something that holds or not for given values."""

    def __init__(self, text: str, *, denied: bool = False) -> None:
        self.text = text
        self.is_denied = denied
        self.crossings: list[Crossing] = []
        self.test = self.truth(ast.parse(f"({text})", mode="eval").body)

    def denied(self) -> "Condition":
        return Condition(self.text, denied=not self.is_denied)

    def holds(self, values: Lookup) -> bool:
        return self.test(values) is not self.is_denied

    def truth(self, node: ast.expr) -> Test:
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(each) for each in node.values]
            joined = all if isinstance(node.op, ast.And) else any
            return lambda values: joined(part(values) for part in parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand)
            return lambda values: not inner(values)
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            pairs = [
                self.comparison(left, op, right)
                for left, op, right in zip(operands, node.ops, operands[1:], strict=False)
            ]
            return lambda values: all(pair(values) for pair in pairs)
        read = reading(node)
        return lambda values: read(values) is True

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Test:
        one = reading(left)
        if isinstance(op, ast.Is | ast.IsNot):
            known = isinstance(op, ast.Is)
            return lambda values: (one(values) is not None) is known
        if isinstance(op, ast.In | ast.NotIn):
            inside = isinstance(op, ast.In)
            choices = options(right)
            return lambda values: member(one(values), choices(values), inside)
        other = reading(right)
        if moves(left) and moves(right):
            one, other = rounded(one), rounded(other)
        if moves(left) or moves(right):
            self.crossings.append(Crossing(one, other))
        compared = COMPARED[type(op)]

        def test(values: Lookup) -> bool:
            first, second = one(values), other(values)
            if not alike(first, second):
                return False
            return compared(first, second)  # type: ignore[arg-type]

        return test


def moves(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id in MOVING for each in ast.walk(node))


def sort_of(value: Value) -> str:
    if isinstance(value, bool):
        return "flag"
    return "text" if isinstance(value, str) else "number"


def alike(first: Value, second: Value) -> bool:
    return first is not None and second is not None and sort_of(first) == sort_of(second)


def rounded(read: Read) -> Read:
    def to_ten(values: Lookup) -> Value:
        value = read(values)
        return round(value, 10) if isinstance(value, float) else value

    return to_ten


def member(value: Value, choices: Value | tuple[Value, ...], inside: bool) -> bool:
    if not isinstance(choices, tuple) or value is None:
        return False
    if choices and not any(alike(value, choice) for choice in choices):
        return False
    return any(alike(value, choice) and value == choice for choice in choices) is inside


def options(node: ast.expr) -> Callable[[Lookup], Value | tuple[Value, ...]]:
    if isinstance(node, ast.List | ast.Tuple):
        written = tuple(ast.literal_eval(each) for each in node.elts)
        return lambda _: written
    return reading(node)


def reading(node: ast.expr) -> Read:
    """What an operand is worth; None where it is missing."""
    if isinstance(node, ast.Constant):
        constant = node.value
        assert isinstance(constant, int | float | str)
        return lambda _: constant
    if isinstance(node, ast.Name):
        name = node.id
        return lambda values: values(name)
    if isinstance(node, ast.Attribute):
        trait = f"traits.{node.attr}"
        return lambda values: values(trait)
    if isinstance(node, ast.UnaryOp):
        inner = reading(node.operand)
        factor = -1 if isinstance(node.op, ast.USub) else 1
        return lambda values: calculated(operator.mul, factor, inner(values))
    assert isinstance(node, ast.BinOp)
    left, right, calculate = reading(node.left), reading(node.right), CALCULATED[type(node.op)]
    return lambda values: calculated(calculate, left(values), right(values))


def calculated(calculate: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if isinstance(left, bool | str | tuple | None) or isinstance(right, bool | str | tuple | None):
        return None
    if calculate is operator.truediv and right == 0:
        return None
    return calculate(left, right)
