"""Explanations: the comparisons that make a condition hold, with the values that they compared."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from state.conditions.kind import Kind
from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Comparison,
    FeatureRef,
    Known,
    Leaf,
    ListLiteral,
    Literal,
    Negative,
    Not,
    Operand,
    Test,
    Truth,
    leaves_of,
)
from state.customer.customer import Customer

Value = Callable[[Customer, int], Any]
"""The value of an operand at an instant."""
Truths = Callable[[Customer, int], tuple[bool, ...]]
"""Whether each leaf of a tree holds at an instant."""
_OPPOSITE = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "in": "not in",
    "not in": "in",
}


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
                if left is None or right is None:
                    return f"{leaf.left_text if left is None else leaf.right_text} is not known"
                sign = leaf.sign if held else _OPPOSITE[leaf.sign]
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
        self._truths = truths(leaves)

    def text(self, customer: Customer, at: int) -> str:
        """Return the comparisons that make the tree hold at that instant, or keep it from holding."""
        truth = dict(zip(self._ids, self._truths(customer, at), strict=True))
        deciding = dict.fromkeys(_deciding(self._tree, _holds(self._tree, truth), truth))
        texts = (self._leaves[leaf].text(customer, at, truth[leaf]) for leaf in deciding)
        return "; ".join(dict.fromkeys(texts))


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


def _side(operand: Operand, text: str, value: Any) -> str:
    if isinstance(operand, Literal | ListLiteral) or operand.kind is Kind.TEXTS:
        return text
    name = f"({text})" if isinstance(operand, Arithmetic) else text
    return f"{name} {shown(value, _unit(operand))}"


def _unit(operand: Operand) -> str:
    match operand:
        case FeatureRef(feature):
            return feature.unit
        case Negative(of):
            return _unit(of)
        case Arithmetic() if operand.sign != "/":
            return _unit(operand.left) or _unit(operand.right)
        case Arithmetic():
            return "" if _unit(operand.right) else _unit(operand.left)
        case _:
            return ""


def shown(value: Any, unit: str) -> str:
    """Return a value as people read it: money with 2 decimals, days with 1, texts in quotation marks."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int) and unit != "currency":
        return str(value)
    if unit in ("currency", "days"):
        return f"{value:.2f}" if unit == "currency" else f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4g}"
