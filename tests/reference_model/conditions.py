"""Conditions, evaluated by walking Python's syntax tree of their text, in rational numbers."""

import ast
import copy
import operator
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import StringIO
from typing import Any

from tests.reference_model.reasons import OPPOSITE, Reason, compared, quoted

Value = Fraction | float | str | bool | tuple[str, ...] | dict[str, str | None] | None
Lookup = Callable[[str], Value]
Read = Callable[[Lookup], Value]

MOVING = {
    "days_since_order",
    "days_since_first_order",
    "days_since_visit",
    "days_known",
    "days_in_stage",
    "oldest_ticket_days",
    "p_alive",
    "days_since_entered",
    "days_since_left",
    "days_since_signal",
    "total_days_in",
    "days_since_first",
    "days_since_last",
    "days_since",
    "days_until",
}
SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
COMPARED: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CALCULATED: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FLAGS = {"true": True, "false": False}
VALUES = (ast.Name, ast.Attribute, ast.Call)
LIMITED: dict[str, Callable[[Fraction, Fraction], Fraction]] = {"at_most": min, "at_least": max}
OF_TRAITS = {
    "starts_with": ("trait", "text"),
    "contains": ("trait", "text"),
    "days_since": ("trait",),
    "days_until": ("trait",),
    "age": ("trait",),
    "days_until_anniversary": ("trait",),
}
PLACES = {
    "count": ("event", "days"),
    "days_since_first": ("event",),
    "days_since_last": ("event",),
    "sum": ("event", "number", "days"),
    "mean": ("event", "number", "days"),
    "latest": ("event", "number"),
    "min": ("event", "number", "days"),
    "max": ("event", "number", "days"),
    "distinct": ("event", "field", "days"),
    "share": ("dimension", "value", "weight", "days"),
    "top": ("dimension", "weight", "days"),
    "top_share": ("dimension", "weight", "days"),
    "return_rate": ("days",),
    "step": ("ladder",),
    "in_segment": ("segment",),
    "days_since_signal": ("signal",),
    "bucket": ("name", "buckets"),
    **OF_TRAITS,
}
"""The arguments that functions take without a name."""


@dataclass(frozen=True)
class Crossing:
    """A comparison that time alone can turn: its two sides."""

    left: Read
    right: Read

    def sign(self, values: Lookup) -> int | None:
        left, right = self.left(values), self.right(values)
        if not isinstance(left, Fraction) or not isinstance(right, Fraction):
            return None
        return (left > right) - (left < right)


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its text, its value, and whether the text says it all."""

    text: str
    read: Read
    names: frozenset[str]
    sort: str
    is_calculated: bool
    is_value: bool

    def words(self, value: Value) -> str:
        """The side as printed; numbers beside numbers are printed together (`compared`)."""
        if self.is_literal or isinstance(value, tuple):
            return self.text
        return f"{self.name} {quoted(value)}"

    @property
    def is_literal(self) -> bool:
        return not self.names

    @property
    def name(self) -> str:
        return f"({self.text})" if self.is_calculated else self.text


class Leaf:
    """A comparison, a question whether something is known, or a flag."""

    def __init__(self, sign: str, left: Side, right: Side) -> None:
        self.sign, self.left, self.right = sign, left, right

    def holds(self, values: Lookup) -> bool:
        left = self.left.read(values)
        if self.sign == "known":
            return left is not None
        if self.sign == "flag":
            return left is True
        right = self.right.read(values)
        if self.sign in ("in", "not in"):
            return member(left, right, self.sign == "in")
        return alike(left, right) and COMPARED[self.sign](left, right)  # type: ignore[arg-type]

    def reasons(self, values: Lookup, held: bool) -> list[Reason]:
        left, right = self.left.read(values), self.right.read(values)
        if self.sign == "known":
            asked = self.left.names if self.left.is_value else frozenset((self.left.text,))
            return [Reason(f"{self.left.text} is {'' if held else 'not '}known", asked)]
        if self.sign == "flag":
            return [Reason(self.left.text if held else f"not {self.left.text}")]
        if not held:
            for side, value, other in ((self.left, left, self.right), (self.right, right, self.left)):
                if value is None:
                    return [Reason(f"{side.text} is not known")]
                sort = "text" if other.sort == "trait" else other.sort  # a trait is asked for in a list that is one
                if side.sort == "trait" and not isinstance(value, tuple) and sort_of(value) != sort:
                    return [Reason(f"{side.text} is no {sort}")]
        sign = self.sign if held else OPPOSITE[self.sign]
        known = frozenset((self.left.text, self.right.text)) | self.left.names | self.right.names
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            sides = [(None if it.is_literal else it.name, it.text) for it in (self.left, self.right)]
            words = compared(sides[0], left, sign, sides[1], right)
            return [Reason(words, known, *self.limit(sign, left, right))]
        return [Reason(f"{self.left.words(left)} {sign} {self.right.words(right)}", known)]

    def limit(self, sign: str, left: Fraction, right: Fraction) -> tuple[str, str, Fraction] | tuple[()]:
        """What the comparison proves of a side: its text, the sign, and the number in the text."""
        mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        if sign not in mirrored or self.left.is_literal == self.right.is_literal:
            return ()
        if self.right.is_literal:
            return self.left.text, sign, right
        return self.right.text, mirrored[sign], left


@dataclass(frozen=True)
class Joined:
    """Parts joined by `and` (every) or `or`."""

    every: bool
    parts: "list[Part]"

    def holds(self, values: Lookup) -> bool:
        answers = (part.holds(values) for part in self.parts)
        return all(answers) if self.every else any(answers)

    def reasons(self, values: Lookup, held: bool) -> list[Reason]:
        deciding = [part for part in self.parts if part.holds(values) is held]
        return [reason for part in deciding for reason in part.reasons(values, held)]


@dataclass(frozen=True)
class Denied:
    """What holds when the part does not."""

    part: "Part"

    def holds(self, values: Lookup) -> bool:
        return not self.part.holds(values)

    def reasons(self, values: Lookup, held: bool) -> list[Reason]:
        return self.part.reasons(values, not held)


Part = Leaf | Joined | Denied


class Condition:
    """A condition's text, as something that holds or not for given values."""

    def __init__(self, text: str, measures: "Measures | None" = None, *, denied: bool = False) -> None:
        self.text, self.measures = text, measures or {}
        self.source = f"({text}\n)"
        self.crossings: list[Crossing] = []
        root = ast.parse(self.source, mode="eval").body
        part = self.part(root)
        self.test: Part = Denied(part) if denied else part
        self.whole = self.text if not self.measures else ast.unparse(self.measured(root))

    def denied(self) -> "Condition":
        return Condition(self.text, self.measures, denied=True)

    def measured(self, node: ast.expr) -> ast.expr:
        """What a node stands for, with the values of measures in place of their names."""
        measured = InPlace(self.measures).visit(copy.deepcopy(node))
        assert isinstance(measured, ast.expr)
        return measured

    def holds(self, values: Lookup) -> bool:
        return self.test.holds(values)

    def reasons(self, values: Lookup, held: bool) -> list[Reason]:
        """What makes it hold, or keeps it from holding."""
        return self.test.reasons(values, held)

    def part(self, node: ast.expr) -> Part:
        if isinstance(node, ast.BoolOp):
            return Joined(isinstance(node.op, ast.And), [self.part(each) for each in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return Denied(self.part(node.operand))
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            links = [
                self.comparison(left, op, right)
                for left, op, right in zip(operands, node.ops, operands[1:], strict=False)
            ]
            return links[0] if len(links) == 1 else Joined(True, links)
        return Leaf("flag", self.side(node), self.side(node))

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Part:
        if isinstance(op, ast.Is | ast.IsNot):
            known = Leaf("known", self.side(left), self.side(left))
            return known if isinstance(op, ast.Is) else Denied(known)
        sides = self.side(left), self.side(right)
        if moves(self.measured(left)) or moves(self.measured(right)):
            self.crossings.append(Crossing(sides[0].read, sides[1].read))
        return Leaf(SIGNS[type(op)], *sides)

    def side(self, node: ast.expr) -> Side:
        text = on_one_line(ast.get_source_segment(self.source, node) or "")
        inner = node
        while isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.UAdd):
            inner = inner.operand
        calculated = isinstance(inner, ast.BinOp)
        whole, inner = self.measured(node), self.measured(inner)
        is_value = isinstance(inner, VALUES) and not is_limited(inner)
        return Side(text, reading(whole), frozenset(names(whole)), sort_of_node(inner), calculated, is_value)


Measures = dict[str, ast.expr]
"""The values to which a policy gives names."""


class InPlace(ast.NodeTransformer):
    """Measures by their values; what stands in a call are the names of other things."""

    def __init__(self, measures: Measures) -> None:
        self.measures = measures

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.measures.get(node.id, node))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if not is_limited(node):
            return node
        return ast.Call(node.func, [self.visit(each) for each in node.args], [])


def measures_of(tables: list[dict[str, Any]]) -> Measures:
    """The measures of a policy, with those before them in place."""
    found: Measures = {}
    for each in tables:
        found[each["name"]] = InPlace(found).visit(ast.parse(f"({each['value']}\n)", mode="eval").body)
    return found


def is_limited(node: ast.AST) -> bool:
    """Whether a node is a number with a limit."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in LIMITED


def names(node: ast.AST) -> Iterator[str]:
    """The values that an operand reads, each in one spelling."""
    if isinstance(node, ast.Call) and is_limited(node):
        for argument in node.args:
            yield from names(argument)
    elif isinstance(node, VALUES):
        if not isinstance(node, ast.Name) or node.id not in FLAGS:
            yield spelled(node)
    else:
        for child in ast.iter_child_nodes(node):
            yield from names(child)


def spelled(node: ast.Name | ast.Attribute | ast.Call) -> str:
    """A value in one spelling: a call with the names of all its arguments."""
    if not isinstance(node, ast.Call):
        return ast.unparse(node)
    function = ast.unparse(node.func)
    given = dict(zip(PLACES.get(function, ()), node.args, strict=False))
    given |= {str(it.arg): it.value for it in node.keywords}
    arguments = ", ".join(f"{name}={ast.unparse(given[name])}" for name in sorted(given))
    return f"{function}({arguments})"


def on_one_line(text: str) -> str:
    """The text with a blank where there were blanks, line ends or comments between its words."""
    words, end = "", (1, 0)
    for token in tokenize.generate_tokens(StringIO(f"({text}\n)").readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            words += " " * (token.start != end) + token.string.replace("\n", "\\n")
            end = token.end
    return words[words.index("(") + 1 : words.rindex(")")].strip()


def moves(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id in MOVING for each in ast.walk(node))


def sort_of(value: Value) -> str:
    if isinstance(value, bool):
        return "flag"
    return "text" if isinstance(value, str) else "number"


def sort_of_node(node: ast.expr) -> str:
    """What a side always is; a trait may be anything."""
    if isinstance(node, ast.Attribute):
        return "trait"
    if isinstance(node, ast.Call):
        function = ast.unparse(node.func)
        if function in ("step", "top"):
            return "text"
        return "flag" if len(OF_TRAITS.get(function, ())) > 1 else "number"
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return sort_of_node(node.elts[0])
    if isinstance(node, ast.Constant):
        return sort_of(exact(node.value))
    if isinstance(node, ast.Name) and node.id in ("stage", "previous_stage", "silence", "kind", "categories"):
        return "text"
    return "flag" if isinstance(node, ast.Name) and node.id in ("loyal", *FLAGS) else "number"


def alike(first: Value, second: Value) -> bool:
    return first is not None and second is not None and sort_of(first) == sort_of(second)


def member(value: Value, choices: Value | tuple[Value, ...], inside: bool) -> bool:
    if not isinstance(choices, tuple) or value is None:
        return False
    if choices and not any(alike(value, choice) for choice in choices):
        return False
    return any(alike(value, choice) and value == choice for choice in choices) is inside


def exact(value: object) -> Value:
    """A value, numbers as the rational that they stand for."""
    if isinstance(value, bool | str | tuple | None):
        return value
    assert isinstance(value, int | float | Fraction)
    return rational(value)


def rational(number: float | Fraction) -> Fraction:
    """A double is the decimal number of its shortest text."""
    if isinstance(number, int):
        return Fraction(number)
    return Fraction(repr(number)) if isinstance(number, float) else number


def reading(node: ast.expr) -> Read:
    """What an operand is worth; None where it is missing."""
    if isinstance(node, ast.Constant):
        constant = exact(node.value)
        return lambda _: constant
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        written = tuple(exact(ast.literal_eval(each)) for each in node.elts)
        return lambda _: written  # type: ignore[return-value]
    if isinstance(node, ast.Name):
        name = node.id
        return lambda values: FLAGS[name] if name in FLAGS else exact(values(name))
    if isinstance(node, ast.Attribute):
        trait = f"traits.{node.attr}"
        return lambda values: exact(values(trait))
    if isinstance(node, ast.Call) and is_limited(node):
        number, limit = reading(node.args[0]), reading(node.args[1])
        within = LIMITED[ast.unparse(node.func)]
        return lambda values: calculated(within, number(values), limit(values))
    if isinstance(node, ast.Call):
        call = spelled(node)
        return lambda values: exact(values(call))
    if isinstance(node, ast.UnaryOp):
        inner = reading(node.operand)
        factor = Fraction(-1 if isinstance(node.op, ast.USub) else 1)
        return lambda values: calculated(operator.mul, factor, inner(values))
    assert isinstance(node, ast.BinOp)
    left, right, calculate = reading(node.left), reading(node.right), CALCULATED[type(node.op)]
    return lambda values: calculated(calculate, left(values), right(values))


def calculated(calculate: Callable[[Fraction, Fraction], Fraction], left: Value, right: Value) -> Value:
    if not isinstance(left, Fraction) or not isinstance(right, Fraction):
        return None
    if calculate is operator.truediv and right == 0:
        return None
    return calculate(left, right)
