"""Exact tests: a test as mathematics has it, evaluated by walking its operands; slow, and only for what is in doubt."""

from collections.abc import Callable
from typing import Any

from state.conditions.catalogue import Catalogue
from state.conditions.exact_number import Exact, exact
from state.conditions.kind import Kind
from state.conditions.nodes import (
    Arithmetic,
    Clamped,
    Comparison,
    FeatureRef,
    Known,
    ListLiteral,
    Literal,
    Negative,
    Operand,
    Trait,
)
from state.conditions.signs import CALCULATE, COMPARE, LIMITED, ArithmeticSign
from state.conditions.trait_value import OF_KIND
from state.customer.customer import Customer

Value = Callable[[Customer, int], Any]
"""The value of an operand at an instant, None if it is missing; numbers are ``Exact``."""
ExactTest = Callable[[Customer, int, int], bool]
"""Whether a test holds, with its left and its right side each at its own instant."""


def exact_test(leaf: Comparison | Known, catalogue: Catalogue) -> ExactTest:
    """Return the exact form of a test."""
    if isinstance(leaf, Known):
        value = exact_value(leaf.operand, catalogue)
        return lambda customer, at, _: value(customer, at) is not None
    left, right, compare = exact_value(leaf.left, catalogue), exact_value(leaf.right, catalogue), COMPARE[leaf.sign]

    def holds(customer: Customer, left_at: int, right_at: int) -> bool:
        one, two = left(customer, left_at), right(customer, right_at)
        return one is not None and two is not None and compare(one, two)

    return holds


def exact_value(operand: Operand, catalogue: Catalogue) -> Value:
    """Return the function of an operand's exact value."""
    match operand:
        case Literal() | ListLiteral():
            written = _written(operand)
            return lambda customer, at: written
        case FeatureRef(feature):
            formula, day_of = feature.formula, catalogue.day_of
            read = formula.value if feature.is_exact else formula.exact
            if feature.kind is not Kind.NUMBER:
                return lambda customer, at: read(customer, at, day_of(at))
            return lambda customer, at: _number(read(customer, at, day_of(at)))
        case Trait(name, Kind.NUMBER):
            number = OF_KIND[Kind.NUMBER]
            return lambda customer, at: _number(number(customer.traits.get(name)))
        case Trait(name, kind):
            of_kind = OF_KIND[kind] if kind else lambda value: value
            return lambda customer, at: of_kind(customer.traits.get(name))
        case Negative(of):
            inner = exact_value(of, catalogue)
            return lambda customer, at: None if (value := inner(customer, at)) is None else -value
        case Clamped(clamp, of, limit):
            inner, within, most = exact_value(of, catalogue), LIMITED[clamp], limit.exact
            return lambda customer, at: None if (value := inner(customer, at)) is None else within(value, most)
        case Arithmetic(sign, left, right):
            return _calculated(sign, exact_value(left, catalogue), exact_value(right, catalogue))


def _written(operand: Literal | ListLiteral) -> Any:
    if isinstance(operand, ListLiteral):
        return [_written(Literal(value, operand.kind)) for value in operand.values]
    return operand.exact if operand.kind is Kind.NUMBER else operand.value


def _calculated(sign: ArithmeticSign, left: Value, right: Value) -> Value:
    calculate = CALCULATE[sign]

    def value(customer: Customer, at: int) -> Exact | None:
        one, two = left(customer, at), right(customer, at)
        if one is None or two is None or (sign == "/" and not two):
            return None
        return calculate(one, two)

    return value


def _number(value: Any) -> Exact | None:
    return None if value is None else exact(value)
