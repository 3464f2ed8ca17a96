"""Formulas: how features are computed, as typed functions whose one expression is inlined into generated code."""

import ast
import builtins
import inspect
import re
import textwrap
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from types import NoneType, UnionType
from typing import Any, TypeGuard, get_args, get_origin

from state.conditions.exact_number import ratio
from state.conditions.generated_code import make_function
from state.conditions.kind import Kind
from state.customer.customer import Customer

AGGREGATES = ("purchases", "engagement", "support", "activity")
"""The aggregates of a customer that a formula may take as arguments."""
_RATIO = "exact_ratio"
_MOST_COUNTED = 2**31
_MOST_SUM = 2**63
_GIVEN = ("customer", "at", "day", *AGGREGATES)
_SLOT = re.compile(r"_slot_(\d+)_")
_KINDS = {int: Kind.NUMBER, float: Kind.NUMBER, str: Kind.TEXT, bool: Kind.FLAG, tuple: Kind.TEXTS}


class FormulaError(ValueError):
    """A function that cannot be inlined."""


class Formula:
    """A function of one ``return``, whose expression stands in the code of every condition that asks for it.

    Its arguments are any of ``customer``, the customer's aggregates by name, ``at`` (ms since 1970), ``day`` (the day
    of ``at`` in the catalogue's calendar), and ``constants``, which become literals. It must be pure, and the only
    rounding in it a quotient of whole numbers. ``kind``, ``nullable`` (whether the value may be missing) and
    ``is_whole`` are those of the annotated return type. An aggregate that it takes is read in any case, so that code
    after it can rely on that. Inlining saves a call for each feature, which would cost more than most of them do.

    ``day`` is an expression of ``at`` that takes the place of the day.

    Raises ``FormulaError`` if the function cannot be inlined: more than one ``return``, names that are unknown, or an
    aggregate that is read only in some cases.
    """

    def __init__(self, function: Callable[..., Any], *, day: str = "", **constants: object) -> None:
        self.function = function
        self.constants = constants
        self.kind, self.nullable, self.is_whole = _returned(function)
        arguments = inspect.signature(function).parameters.keys()
        if unused := sorted(constants.keys() - arguments):
            raise _refused(function, f"it has no argument `{unused[0]}`")
        if missing := sorted(arguments - constants.keys() - set(_GIVEN)):
            raise _refused(function, f"nothing is given for its argument `{missing[0]}`")
        inlined = _Inlined(function, constants, arguments & set(_GIVEN), day)
        self.names: Mapping[str, Any] = inlined.names
        """What the expression names besides its arguments: functions, by their names."""
        self._slots = inlined.slots
        self._pieces = _SLOT.split(inlined.text)

    def inline(self, name: Callable[[str], str]) -> str:
        """Return the expression with ``name(it)`` for each argument and function, in the order of evaluation."""
        filled = [name(slot) for slot in self._slots]
        pieces = [filled[int(piece)] if number % 2 else piece for number, piece in enumerate(self._pieces)]
        return "".join(pieces)

    @cached_property
    def value(self) -> Callable[[Customer, int, int], Any]:
        """The formula as a function of (customer, at, day)."""
        return self._function(self._expression, {})

    @cached_property
    def exact(self) -> Callable[[Customer, int, int], Any]:
        """The formula with exact quotients: ``Fraction`` instead of ``float``."""
        tree = _ExactQuotients().visit(ast.parse(self._expression, mode="eval"))
        return self._function(ast.unparse(tree), {_RATIO: ratio})

    @cached_property
    def denominators(self) -> Sequence[int]:
        """What the formula divides by, each at most so large."""
        return [_most(node.right) for node in ast.walk(ast.parse(self._expression)) if _is_quotient(node)]

    @property
    def _expression(self) -> str:
        return self.inline(lambda it: f"customer.{it}" if it in AGGREGATES else it)

    def _function(self, expression: str, names: Mapping[str, Any]) -> Callable[[Customer, int, int], Any]:
        name = self.function.__name__
        source = f"def {name}(customer, at, day):\n    return {expression}\n"
        constants = ", ".join(f"{name}={value}" for name, value in self.constants.items())
        return make_function(name, f"formula({constants})", source, {**self.names, **names})


class _ExactQuotients(ast.NodeTransformer):
    """Every quotient as a call of ``ratio``."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(ast.Name(_RATIO, ast.Load()), [node.left, node.right], []) if _is_quotient(node) else node


def _is_quotient(node: ast.AST) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def _most(divisor: ast.expr) -> int:
    """Return how large a divisor is at most: a number, how often something happened, their product, or a sum."""
    match divisor:
        case ast.Constant(int(number)):
            return number
        case ast.BinOp(left, ast.Mult(), right):
            return _most(left) * _most(right)
        case ast.BinOp(_, ast.Add(), _):
            return _MOST_SUM
        case _:
            return _MOST_COUNTED


class _Inlined(ast.NodeTransformer):
    """The expression of a function as text, with slots numbered in the order of evaluation."""

    def __init__(
        self, function: Callable[..., Any], constants: Mapping[str, object], given: set[str], day: str
    ) -> None:
        self.slots: list[str] = []
        self._day = day
        self.names: dict[str, Any] = {}
        self._function = function
        self._given = given
        self._values = ChainMap(dict(constants), function.__globals__, vars(builtins))
        tree = _expression(function)
        self._own = _own_names(tree)
        self._require_certain_reads(tree)
        # The fields of every node are in the order of evaluation, also those of ``a if test else b``.
        self.text = ast.unparse(self.visit(tree))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._own:
            return ast.Name(self._own[node.id], node.ctx)
        if node.id == "day" and self._day:
            return self._expression_of_at(ast.parse(self._day, mode="eval").body)
        if node.id in self._given:
            return self._slot(node.id)
        if node.id not in self._values or node.id in _GIVEN:
            raise _refused(self._function, f"`{node.id}` is not an argument, a constant or a global of its module")
        value = self._values[node.id]
        if _is_literal(value):
            return ast.parse(repr(value), mode="eval").body
        self.names[node.id] = value
        return self._slot(node.id)

    def _expression_of_at(self, tree: ast.expr) -> ast.expr:
        match tree:
            case ast.BinOp(left, sign, right):
                return ast.BinOp(self._expression_of_at(left), sign, self._expression_of_at(right))
            case ast.Name(name):
                return self._slot(name)
            case _:
                return tree

    def _slot(self, name: str) -> ast.expr:
        self.slots.append(name)
        return ast.Name(f"_slot_{len(self.slots) - 1}_", ast.Load())

    def _require_certain_reads(self, tree: ast.expr) -> None:
        seen: set[str] = set()
        for name, certain in _reads(tree, True):
            if name in AGGREGATES and name not in seen and not certain:
                raise _refused(self._function, f"`{name}` is read only in some cases")
            seen.add(name)


@cache
def _source(function: Callable[..., Any]) -> ast.stmt:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        raise _refused(function, "its source cannot be read") from None


def _expression(function: Callable[..., Any]) -> ast.expr:
    definition = _source(function)
    if not isinstance(definition, ast.FunctionDef):
        raise _refused(function, "it is not written with `def`")
    body = definition.body[1:] if ast.get_docstring(definition) is not None else definition.body
    match body:
        case [ast.Return(ast.expr() as expression)]:
            pass
        case _:
            raise _refused(function, "its body is not one `return`")
    for node in ast.walk(expression):
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Await):
            raise _refused(function, "it has a lambda or a comprehension")
    # A copy: the tree is cached, and the transformer changes it.
    return ast.parse(ast.unparse(expression), mode="eval").body


def _own_names(tree: ast.expr) -> dict[str, str]:
    """Return new names for those that an expression assigns; only these begin with underscores in the code."""
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.NamedExpr):
            names[node.target.id] = f"_{node.target.id}"
            while names[node.target.id] in used:
                names[node.target.id] = f"_{names[node.target.id]}"
    return names


def _reads(node: ast.AST, certain: bool) -> Iterator[tuple[str, bool]]:
    """Return the names that an expression reads, in the order of evaluation, and whether each is read in any case."""
    match node:
        case ast.Name(name):
            yield name, certain
        case ast.IfExp(test, body, otherwise):
            yield from _reads(test, certain)
            yield from _reads(body, False)
            yield from _reads(otherwise, False)
        case ast.BoolOp(_, [first, *others]) | ast.Compare(first, _, [*others]):
            yield from _reads(first, certain)
            for number, other in enumerate(others):
                # ``a < b < c`` reads a and b in any case, ``a and b and c`` only a.
                yield from _reads(other, certain and isinstance(node, ast.Compare) and number == 0)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _reads(child, certain)


def _returned(function: Callable[..., Any]) -> tuple[Kind, bool, bool]:
    returned = inspect.get_annotations(function, eval_str=True).get("return")
    types = set(get_args(returned) if isinstance(returned, UnionType) else (returned,))
    kinds = {_KINDS.get(get_origin(it) or it) for it in types - {NoneType}}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        raise _refused(function, "it is not annotated to return a number, a text, a flag or a tuple of texts")
    return kind, NoneType in types, int in types


def _is_literal(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_literal, value))
    if isinstance(value, float):
        return value - value == 0  # neither infinite nor NaN, which have no literal
    return value is None or type(value) in (int, str, bool)


def _refused(function: Callable[..., Any], reason: str) -> FormulaError:
    name = getattr(function, "__name__", repr(function))
    return FormulaError(f"the formula `{name}` cannot be inlined: {reason}")
