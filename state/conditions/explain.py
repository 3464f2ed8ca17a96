"""Explanations: the comparisons that make a condition hold, with the values that they compared."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from state.conditions.catalogue import Catalogue
from state.conditions.exact_number import Exact
from state.conditions.exact_test import exact_value
from state.conditions.implied import Proof, proof_of
from state.conditions.kind import Kind
from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Comparison,
    Known,
    Leaf,
    ListLiteral,
    Literal,
    Not,
    Operand,
    Test,
    Trait,
    Truth,
    leaves_of,
    names_of,
)
from state.conditions.printed import DECIMALS, Side, compared
from state.conditions.signs import OPPOSITE
from state.customer.customer import Customer

Truths = Callable[[Customer, int], tuple[bool, ...]]
"""Whether each leaf of a tree holds at an instant."""
_LeafWords = Callable[[Customer, int, bool], tuple[str, bool]]
"""A leaf in words that are true at an instant, given whether it holds then; and whether they say that a value is there.
"""
_MAX_TRUTHS = 256
"""Most customers fit or miss a condition in one of few ways, so what is told of each is found once."""
_Decided = Callable[[tuple[bool, ...]], tuple[bool, tuple[int, ...]]]
"""Whether a part of a tree holds, given each leaf, and the places of the leaves that decide it."""


class Reason(NamedTuple):
    """A comparison in words, the names of the values that it reads, and what it proves, if that is anything."""

    text: str
    names: frozenset[str]
    proof: Proof | None


class Explanation:
    """Why a tree holds or does not, for any customer."""

    def __init__(self, tree: Test, catalogue: Catalogue, truths: Callable[[list[Leaf]], Truths]) -> None:
        leaves = leaves_of(tree)
        self._names = [names_of(leaf) for leaf in leaves]
        self._decided = _decided(tree, {id(leaf): place for place, leaf in enumerate(leaves)})
        self._words = [_words_of(leaf, catalogue) for leaf in leaves]
        self._proofs = [(proof_of(leaf, held=False), proof_of(leaf, held=True)) for leaf in leaves]
        self._truths = truths(leaves)
        self._told = lru_cache(maxsize=_MAX_TRUTHS)(self._told_of)

    def parts(self, customer: Customer, at: int) -> list[str]:
        """Return the comparisons that make the tree hold at that instant, or keep it from holding.

        One that follows from those before it is left out.
        """
        _, _, said = self._deciding(customer, at)
        return list(dict.fromkeys([text for text, _ in said]))

    def reasons(self, customer: Customer, at: int) -> list[Reason]:
        """Return the same one by one, each with what it is about."""
        truth, told, said = self._deciding(customer, at)
        return [
            Reason(text, self._names[place], self._proofs[place][truth[place]] if has_value else None)
            for place, (text, has_value) in zip(told, said, strict=True)
        ]

    def _deciding(
        self, customer: Customer, at: int
    ) -> tuple[tuple[bool, ...], tuple[int, ...], list[tuple[str, bool]]]:
        """Return whether each leaf holds, the places of those that are told, and what is said of these."""
        truth = self._truths(customer, at)
        told = self._told(truth)
        said = self._said(customer, at, truth, told)
        if not all([has_value for _, has_value in said]):
            deciding = self._decided(truth)[1]
            values = self._said(customer, at, truth, deciding)
            missing = frozenset([it for it, (_, has_value) in zip(deciding, values, strict=True) if not has_value])
            told = self._told(truth, missing)
            said = self._said(customer, at, truth, told)
        return truth, told, said

    def _said(
        self, customer: Customer, at: int, truth: tuple[bool, ...], places: tuple[int, ...]
    ) -> list[tuple[str, bool]]:
        words = self._words
        return [words[place](customer, at, truth[place]) for place in places]

    def _told_of(self, truth: tuple[bool, ...], missing: frozenset[int] = frozenset()) -> tuple[int, ...]:
        """Return the places of the deciding leaves that do not follow from others; ``missing`` ones prove nothing."""
        told: list[int] = []
        said: list[Proof] = []
        for place in dict.fromkeys(self._decided(truth)[1]):
            proof = None if place in missing else self._proofs[place][truth[place]]
            if proof is None:
                told.append(place)
            elif not any(it.implies(proof) for it in said):
                told.append(place)
                said.append(proof)
        return tuple(told)


def _decided(test: Test, places: dict[int, int]) -> _Decided:
    match test:
        case AllOf(parts) | AnyOf(parts):
            decided = [_decided(part, places) for part in parts]
            combined = all if isinstance(test, AllOf) else any

            def several(truth: tuple[bool, ...]) -> tuple[bool, tuple[int, ...]]:
                each = [it(truth) for it in decided]
                held = combined([it for it, _ in each])
                return held, tuple([leaf for it, leaves in each if it is held for leaf in leaves])

            return several
        case Not(part):
            inner = _decided(part, places)

            def inverted(truth: tuple[bool, ...]) -> tuple[bool, tuple[int, ...]]:
                held, leaves = inner(truth)
                return not held, leaves

            return inverted
        case _:
            place = places[id(test)]
            return lambda truth: (truth[place], (place,))


def _words_of(leaf: Leaf, catalogue: Catalogue) -> _LeafWords:
    match leaf:
        case Known(_, text):
            known, missing = (f"{text} is known", True), (f"{text} is not known", False)
            return lambda customer, at, held: known if held else missing
        case Truth(_, text):
            true, untrue = (text, True), (f"not {text}", True)
            return lambda customer, at, held: true if held else untrue
        case Comparison():
            return _comparison_words(leaf, catalogue)


def _comparison_words(leaf: Comparison, catalogue: Catalogue) -> _LeafWords:
    left, right = exact_value(leaf.left, catalogue), exact_value(leaf.right, catalogue)
    signs = OPPOSITE[leaf.sign], leaf.sign
    is_of_numbers = leaf.left.kind is Kind.NUMBER and not isinstance(leaf.right, ListLiteral)
    one_of, two_of = _side_of(leaf.left, leaf.left_text), _side_of(leaf.right, leaf.right_text)
    one_whole, two_whole = _whole_of(leaf.left, leaf.left_text), _whole_of(leaf.right, leaf.right_text)

    def words(customer: Customer, at: int, held: bool) -> tuple[str, bool]:
        one, two = left(customer, at), right(customer, at)
        if one is None:
            return _missing(leaf.left, leaf.left_text, customer), False
        if two is None:
            return _missing(leaf.right, leaf.right_text, customer), False
        if type(one) is int and type(two) is int and is_of_numbers:  # mostly: counts and scores
            return f"{one_whole(one)} {signs[held]} {two_whole(two)}", True
        if is_of_numbers:
            return compared(one_of(one), signs[held], two_of(two)), True
        sides = _side(leaf.left, leaf.left_text, one), _side(leaf.right, leaf.right_text, two)
        return f"{sides[0]} {signs[held]} {sides[1]}", True

    return words


def _missing(operand: Operand, text: str, customer: Customer) -> str:
    if isinstance(operand, Trait) and operand.kind and operand.name in customer.traits:
        return f"{text} is no {operand.kind.value}"
    return f"{text} is not known"


def _side_of(operand: Operand, text: str) -> Callable[[Exact], Side]:
    if isinstance(operand, Literal):
        return lambda value: Side(text, value, as_written=True)
    name = _name_of(operand, text)
    return lambda value: Side(name, value)


def _whole_of(operand: Operand, text: str) -> Callable[[int], str]:
    if isinstance(operand, Literal):
        return lambda value: text
    name = _name_of(operand, text)
    return lambda value: f"{name} {value}"


def _name_of(operand: Operand, text: str) -> str:
    # A measure is calculated too, and has a name.
    return f"({text})" if isinstance(operand, Arithmetic) and not text.isidentifier() else text


def _side(operand: Operand, text: str, value: Any) -> str:
    if isinstance(operand, Literal | ListLiteral) or operand.kind is Kind.TEXTS:
        return text
    if operand.kind is Kind.NUMBER:
        return _side_of(operand, text)(value).printed(DECIMALS)
    return f"{text} {json.dumps(value, ensure_ascii=False)}"
