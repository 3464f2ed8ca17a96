"""The parser of operands: numbers, texts, features, traits and arithmetic on them."""

import ast
import difflib
import re
from fractions import Fraction

from state.conditions.catalogue import Catalogue
from state.conditions.errors import ConditionError, error_at, texts_in
from state.conditions.kind import Kind
from state.conditions.monotone import Monotonicity
from state.conditions.nodes import (
    Arithmetic,
    Clamped,
    FeatureRef,
    ListLiteral,
    Literal,
    Negative,
    Operand,
    Trait,
)
from state.conditions.one_line import on_one_line
from state.conditions.parse_calls import CLAMPED, CallParser
from state.conditions.read_source import read_source
from state.conditions.signs import CALCULATE, LIMITED, ArithmeticSign, Clamp

MAX_NUMBER = 1e15
_SIGNS: dict[type[ast.operator], ArithmeticSign] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_DAYS = re.compile("_([0-9]+)d$")


class OperandParser:
    """A parser that turns nodes of Python's syntax tree into operands, and refuses what the language does not have."""

    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self.source = source
        self.catalogue = catalogue
        self._calls = CallParser(source, catalogue)

    def error(self, node: ast.expr, message: str, fix: str) -> ConditionError:
        """Return an error at the place of a node."""
        return error_at(self.source, node, message, fix)

    def text(self, node: ast.expr) -> str:
        """Return what was written, on one line."""
        return on_one_line(ast.get_source_segment(self.source, node) or "")

    def operand(self, node: ast.expr) -> Operand:
        """Return the operand of a node. Raises ``ConditionError``."""
        match node:
            case ast.Constant(value):
                return self._literal(node, value)
            case ast.Name(id="true"):
                return Literal(True, Kind.FLAG)
            case ast.Name(id="false"):
                return Literal(False, Kind.FLAG)
            case ast.Name(name):
                return self._named(node, name)
            case ast.Attribute(ast.Name("traits"), name):
                return Trait(name, self.catalogue.traits.get(name))
            case ast.Call(ast.Name("at_most" | "at_least" as clamp)):
                return self._clamped(node, clamp)
            case ast.Call():
                return FeatureRef(self._calls.feature(node))
            case ast.UnaryOp(ast.USub(), of):
                number = self.number(of)
                if isinstance(number, Literal):
                    return _literal_of(-number.exact)
                return Negative(number)
            case ast.UnaryOp(ast.UAdd(), of):
                return self.number(of)
            case ast.BinOp(left, operator, right) if type(operator) in _SIGNS:
                return self._arithmetic(node, _SIGNS[type(operator)], self.number(left), self.number(right))
            case _:
                raise self._refused(node)

    def _refused(self, node: ast.expr) -> ConditionError:
        match node:
            case ast.BoolOp() | ast.Compare() | ast.UnaryOp(ast.Not(), _):
                return self.error(
                    node, "a comparison cannot be part of another one", "join comparisons by `and` or `or`"
                )
            case ast.Attribute():
                return self.error(node, f"`{self.text(node)}` has a dot", "only traits have one: `traits.country`")
            case _:
                return self.error(
                    node,
                    f"`{self.text(node)}` is not part of the language",
                    "use features, traits, numbers, texts and + - * /",
                )

    def number(self, node: ast.expr) -> Operand:
        """Return the operand of a node, which must be a number. Raises ``ConditionError``."""
        operand = self.operand(node)
        if isinstance(operand, Trait) and operand.kind is None:
            return Trait(operand.name, Kind.NUMBER)
        if operand.kind is not Kind.NUMBER:
            sort = operand.kind.phrase if operand.kind else "a trait"
            raise self.error(node, f"`{self.text(node)}` is {sort}", "only numbers can be calculated with")
        return operand

    def list_literal(self, node: ast.List | ast.Tuple | ast.Set) -> ListLiteral:
        """Return a list of texts or of numbers. Raises ``ConditionError``."""
        is_calculated = any(isinstance(part, ast.BinOp) for part in ast.walk(node))
        items = [] if is_calculated else [self.operand(item) for item in node.elts]
        literals = [item for item in items if isinstance(item, Literal) and item.kind is not Kind.FLAG]
        if not literals or len(literals) != len(items):
            raise self.error(node, "a list holds texts or numbers as they stand", 'write it as in ["DE", "FR"]')
        if len({item.kind for item in literals}) > 1:
            raise self.error(node, "this list mixes texts and numbers", "use one sort only")
        return ListLiteral(tuple(item.value for item in literals), literals[0].kind)

    def _literal(self, node: ast.expr, value: object) -> Literal:
        if isinstance(value, bool):
            return Literal(value, Kind.FLAG)
        if isinstance(value, str):
            if texts_in(self.source, node) > 1:
                raise self.error(node, "two texts stand side by side", "write a comma between them, or one text")
            return Literal(value, Kind.TEXT)
        if isinstance(value, int | float):
            if abs(value) > MAX_NUMBER:
                raise self._too_large(node)
            return Literal(value, Kind.NUMBER)
        raise self.error(
            node,
            f"`{self.text(node)}` is not a value of the language",
            "for a missing value write `is known` or `is not known`",
        )

    def _too_large(self, node: ast.expr) -> ConditionError:
        return self.error(node, "this number is too large", "use numbers up to 1000000000000000")

    def _named(self, node: ast.expr, name: str) -> Operand:
        if (text := self.catalogue.measures.get(name)) is not None:
            self.catalogue.measures_read.add(name)
            return parse_value(text, self.catalogue)
        feature = self.catalogue.feature(name)
        if feature is not None:
            return FeatureRef(feature)
        if name == "known":
            raise self.error(
                node, "`known` stands only after `is` or `is not`", "write a value before it, as in `x is known`"
            )
        if (function := self.catalogue.functions.get(name)) is not None:
            raise self.error(node, f"`{name}` is a function", f"call it, as in `{function.example}`")
        if (clamped := CLAMPED.get(name)) is not None:
            raise self.error(node, f"`{name}` is a function", f"call it, as in `{clamped}`")
        if (how := self.catalogue.undeclared.get(name)) is not None:
            raise self.error(node, f"the policy declares no `{name}`", how)
        if (days := _DAYS.search(name)) and f"{name[: days.start()]}_7d" in self.catalogue.features:
            most, number = self.catalogue.max_window_days, int(days[1])
            fix = (
                f"write `{name[: days.start()]}_{number}d`" if 1 <= number <= most else f"a window has 1 to {most} days"
            )
            raise self.error(node, f"`{name}` is no window", fix)
        names = (*self.catalogue.measures, *self.catalogue.features)
        near = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.6)
        fix = (
            "did you mean " + " or ".join(f"`{word}`" for word in near) + "?"
            if near
            else (f'texts stand in quotation marks ("{name}"), traits after a dot (`traits.{name}`)')
        )
        raise self.error(node, f"there is no feature `{name}`", fix)

    def _arithmetic(self, node: ast.expr, sign: ArithmeticSign, left: Operand, right: Operand) -> Operand:
        if sign == "/" and isinstance(right, Literal) and right.value == 0:
            raise self.error(node, "this divides by zero", "divide by another number")
        if isinstance(left, Literal) and isinstance(right, Literal):
            calculated = Fraction(CALCULATE[sign](left.exact, right.exact))
            if abs(calculated) > MAX_NUMBER:
                raise self._too_large(node)
            return _literal_of(calculated)
        return Arithmetic(sign, left, right, self._monotonicity(node, sign, left, right))

    def _clamped(self, node: ast.Call, clamp: Clamp) -> Operand:
        if len(node.args) != 2 or node.keywords:
            raise self.error(node, f"`{clamp}` takes a number and its limit", f"write it as in `{CLAMPED[clamp]}`")
        number, limit = (self.number(it) for it in node.args)
        if not isinstance(limit, Literal):
            mend = f"write it as in `{CLAMPED[clamp]}`"
            if isinstance(number, Literal):
                mend = f"write `{clamp}({self.text(node.args[1])}, {self.text(node.args[0])})`"
            raise self.error(node.args[1], f"the limit of `{clamp}` is a number in the text", mend)
        if isinstance(number, Literal):
            return _literal_of(Fraction(LIMITED[clamp](number.exact, limit.exact)))
        return Clamped(clamp, number, limit)

    def _monotonicity(self, node: ast.expr, sign: ArithmeticSign, left: Operand, right: Operand) -> Monotonicity:
        one, two = left.monotonicity, right.monotonicity
        match sign:
            case "+":
                return one.plus(two)
            case "-":
                return one.plus(two.negative)
            case "*" if one.terms and two.terms:
                raise self.error(
                    node,
                    f"both sides of `{self.text(node)}` move with every moment",
                    "multiply with a number, or with something that changes only by events or by days",
                )
            case "/" if two.terms:
                raise self.error(
                    node,
                    f"`{self.text(node)}` divides by something that moves with every moment",
                    "multiply the other side of the comparison instead",
                )
            case _ if isinstance(right, Literal):
                return one.times(right.exact)
            case "*" if isinstance(left, Literal):
                return two.times(left.exact)
            case _:
                return one.combined(two, divided=sign == "/")


def parse_value(text: str, catalogue: Catalogue) -> Operand:
    """Return the operand of a text that is one value, as a measure is. Raises ``ConditionError``."""
    source, root = read_source(text)
    parser = OperandParser(source, catalogue)
    if isinstance(root, ast.Compare | ast.BoolOp) or (isinstance(root, ast.UnaryOp) and isinstance(root.op, ast.Not)):
        told = f"`{parser.text(root)}` is a condition, and no value"
        raise parser.error(root, told, "name the value that it compares, and compare it where you read the measure")
    operand = parser.operand(root)
    if isinstance(operand, Literal):
        raise parser.error(root, f"`{parser.text(root)}` never changes", "name a feature, a trait or a call")
    if operand.kind is Kind.TEXTS:
        raise parser.error(root, f"`{parser.text(root)}` is a list of texts", "a measure is one value: name another")
    return operand


def _literal_of(number: Fraction) -> Literal:
    return Literal(int(number) if number.denominator == 1 else float(number), Kind.NUMBER, number)
