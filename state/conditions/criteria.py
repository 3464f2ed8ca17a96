"""Criteria: a condition as a list of tests that all must hold, each with the value that it looks at and its limit."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from state.conditions.condition import Condition, condition_of
from state.conditions.exact_number import Exact
from state.conditions.exact_test import exact_value
from state.conditions.implied import Proof, proof_of
from state.conditions.in_words import in_words
from state.conditions.kind import Kind
from state.conditions.nodes import AllOf, AnyOf, Comparison, Known, ListLiteral, Literal, Not, Operand, Test, Truth
from state.conditions.printed import DECIMALS, Side, number, places_of
from state.conditions.signs import OPPOSITE
from state.customer.customer import Customer

Told = int | float | str | bool | list[Any] | None


class Criterion(NamedTuple):
    """A test in words, the value that a customer has and the limit that it is compared with, and whether it holds.

    Numbers have as few decimals as leave the comparison true of them. Of a test with alternatives, ``value`` is what
    decides it in words, and there is no ``limit``.
    """

    text: str
    value: Told
    limit: Told
    holds: bool


_Values = Callable[[Customer, int, bool], tuple[Told, Told]]
"""The value and the limit of a test at an instant, given whether it holds."""


class Criteria:
    """The criteria of a condition: it holds exactly when all of them do. What follows from earlier ones is left out."""

    def __init__(self, condition: Condition) -> None:
        self._parts = [_part(it, condition) for it in _independent(_conjuncts(condition.tree, negated=False))]

    def of(self, customer: Customer, at: int) -> list[Criterion]:
        """Return the criteria for a customer at an instant (ms since 1970)."""
        told = []
        for part, values in self._parts:
            holds = part.holds(customer, at)
            told.append(Criterion(part.text, *values(customer, at, holds), holds))
        return told


def _conjuncts(test: Test, *, negated: bool) -> Iterator[Test]:
    match test:
        case Not(part):
            yield from _conjuncts(part, negated=not negated)
        case AllOf(parts) if not negated:
            for part in parts:
                yield from _conjuncts(part, negated=False)
        case AnyOf(parts) if negated:
            for part in parts:
                yield from _conjuncts(part, negated=True)
        case _:
            yield Not(test) if negated else test


def _independent(tests: Iterable[Test]) -> Iterator[Test]:
    """Yield the tests that do not follow from those before them."""
    said: list[Proof] = []
    for test in tests:
        leaf, held = (test.part, False) if isinstance(test, Not) else (test, True)
        proof = proof_of(leaf, held) if isinstance(leaf, Comparison | Known | Truth) else None
        if proof is not None and any(it.implies(proof) for it in said):
            continue
        yield test
        # Only what holds of a known value proves anything: the opposite of a comparison also holds of a missing one.
        if proof is not None and held:
            said.append(proof)


def _part(test: Test, whole: Condition) -> tuple[Condition, _Values]:
    part = condition_of(in_words(test), test, whole.catalogue)
    leaf, negated = (test.part, True) if isinstance(test, Not) else (test, False)
    match leaf:
        case Comparison():
            return part, _compared(leaf, negated, part)
        case Known(operand):
            return part, _alone(operand, part, None)
        case Truth(operand):
            return part, _alone(operand, part, True)
        case _:
            return part, lambda customer, at, holds: (part.why(customer, at), None)


def _alone(operand: Operand, part: Condition, limit: Told) -> _Values:
    value = exact_value(operand, part.catalogue)
    return lambda customer, at, holds: (_told(operand, value(customer, at)), limit)


def _compared(leaf: Comparison, negated: bool, part: Condition) -> _Values:
    left, right = exact_value(leaf.left, part.catalogue), exact_value(leaf.right, part.catalogue)
    are_numbers = leaf.left.kind is Kind.NUMBER and not isinstance(leaf.right, ListLiteral)
    # What is written in the policy is the limit, on whichever side it stands.
    is_mirrored = isinstance(leaf.left, Literal) and not isinstance(leaf.right, Literal | ListLiteral)

    def values(customer: Customer, at: int, holds: bool) -> tuple[Told, Told]:
        one, two = left(customer, at), right(customer, at)
        places = DECIMALS
        if are_numbers and one is not None and two is not None:
            sign = leaf.sign if holds is not negated else OPPOSITE[leaf.sign]
            places = places_of(_side(leaf.left, one), sign, _side(leaf.right, two))
        told = _told(leaf.left, one, places), _told(leaf.right, two, places)
        return (told[1], told[0]) if is_mirrored else told

    return values


def _side(operand: Operand, value: Exact) -> Side:
    return Side("", value, as_written=isinstance(operand, Literal))


def _told(operand: Operand, value: Any, places: int = DECIMALS) -> Told:
    if value is None:
        return None
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, ListLiteral):
        return [*operand.values]
    if operand.kind is Kind.NUMBER:
        text = number(value, places)
        return float(text) if "." in text else int(text)
    return value if isinstance(value, str | bool | int | float) else sorted(value)
