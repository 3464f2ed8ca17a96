"""Explanations: the comparisons that make a condition hold, with the values that they compared."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from state.conditions.exact_test import Value
from state.conditions.implied import OPPOSITE, Proof, proof_of
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
)
from state.conditions.printed import DECIMALS, Side, compared
from state.customer.customer import Customer

Truths = Callable[[Customer, int], tuple[bool, ...]]
"""Whether each leaf of a tree holds at an instant."""
_MISSING = (" is not known", *(f" is no {kind.value}" for kind in Kind))
_TruthOf = dict[int, bool]
"""Whether each leaf holds, by its identity."""


@dataclass(frozen=True, slots=True)
class LeafValues:
    """A leaf with the functions of the two values that it compares."""

    leaf: Leaf
    left: Value
    right: Value

    def text(self, customer: Customer, at: int, held: bool) -> str:
        """Return the comparison in words that are true at that instant; ``held`` is whether it holds then."""
        match self.leaf:
            case Known(_, text):
                return f"{text} is known" if held else f"{text} is not known"
            case Truth(_, text):
                return text if held else f"not {text}"
            case Comparison() as leaf:
                left, right = self.left(customer, at), self.right(customer, at)
                if left is None:
                    return _missing(leaf.left, leaf.left_text, customer)
                if right is None:
                    return _missing(leaf.right, leaf.right_text, customer)
                sign = leaf.sign if held else OPPOSITE[leaf.sign]
                if leaf.left.kind is Kind.NUMBER and not isinstance(leaf.right, ListLiteral):
                    return compared(
                        _number_side(leaf.left, leaf.left_text, left),
                        sign,
                        _number_side(leaf.right, leaf.right_text, right),
                    )
                return f"{_side(leaf.left, leaf.left_text, left)} {sign} {_side(leaf.right, leaf.right_text, right)}"


class Explanation:
    """Why a tree holds or does not, for any customer."""

    def __init__(
        self, tree: Test, leaf_values: Callable[[Leaf], LeafValues], truths: Callable[[list[Leaf]], Truths]
    ) -> None:
        leaves = leaves_of(tree)
        self._tree = tree
        self._leaves = {id(leaf): leaf_values(leaf) for leaf in leaves}
        self._ids = [id(leaf) for leaf in leaves]
        self._proofs = {(id(leaf), held): proof_of(leaf, held) for leaf in leaves for held in (False, True)}
        self._truths = truths(leaves)

    def text(self, customer: Customer, at: int) -> str:
        """Return the comparisons that make the tree hold at that instant, or keep it from holding.

        One that follows from those before it is left out.
        """
        truth = dict(zip(self._ids, self._truths(customer, at), strict=True))
        texts: dict[str, None] = {}
        said: list[Proof] = []
        for leaf in dict.fromkeys(_deciding(self._tree, _holds(self._tree, truth), truth)):
            held = truth[leaf]
            text = self._leaves[leaf].text(customer, at, held)
            proof = None if text.endswith(_MISSING) else self._proofs[leaf, held]
            if proof is None:
                texts[text] = None
            elif not any(it.implies(proof) for it in said):
                texts[text] = None
                said.append(proof)
        return "; ".join(texts)


def _holds(test: Test, truth: _TruthOf) -> bool:
    match test:
        case AllOf(parts):
            return all(_holds(part, truth) for part in parts)
        case AnyOf(parts):
            return any(_holds(part, truth) for part in parts)
        case Not(part):
            return not _holds(part, truth)
        case _:
            return truth[id(test)]


def _deciding(test: Test, held: bool, truth: _TruthOf) -> Iterator[int]:
    """Yield the leaves that make a test hold, or keep it from holding."""
    match test:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                if _holds(part, truth) is held:
                    yield from _deciding(part, held, truth)
        case Not(part):
            yield from _deciding(part, not held, truth)
        case _:
            yield id(test)


def _missing(operand: Operand, text: str, customer: Customer) -> str:
    if isinstance(operand, Trait) and operand.kind and operand.name in customer.traits:
        return f"{text} is no {operand.kind.value}"
    return f"{text} is not known"


def _number_side(operand: Operand, text: str, value: Fraction) -> Side:
    return Side(text, value, as_written=True) if isinstance(operand, Literal) else Side(_named(operand, text), value)


def _side(operand: Operand, text: str, value: Any) -> str:
    if isinstance(operand, Literal | ListLiteral) or operand.kind is Kind.TEXTS:
        return text
    if operand.kind is Kind.NUMBER:
        return _number_side(operand, text, value).printed(DECIMALS)
    return f"{text} {json.dumps(value, ensure_ascii=False)}"


def _named(operand: Operand, text: str) -> str:
    return f"({text})" if isinstance(operand, Arithmetic) else text
