"""Why a condition holds: its comparisons with the values that they compared."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from state.conditions.features import Kind
from state.conditions.nodes import (
    All,
    Arithmetic,
    Comparison,
    Known,
    Leaf,
    Listed,
    Literal,
    Negative,
    Not,
    Operand,
    Read,
    Some,
    Test,
    Truth,
)

Value = Callable[[Any, int], Any]
Answers = Callable[[Any, int], tuple[bool, ...]]
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


Truths = dict[int, bool]
"""Whether each comparison holds, by the identity of its leaf."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One comparison with the functions that answer its two values."""

    leaf: Leaf
    left: Value
    right: Value

    def said(self, customer: Any, t: int, held: bool) -> str:
        """The comparison as it stands at t, in words that are true then; `held` tells whether it holds."""
        match self.leaf:
            case Known(_, text):
                return f"{text} is known" if held else f"{text} is not known"
            case Truth(_, text):
                return text if held else f"not {text}"
            case Comparison() as leaf:
                values = self.left(customer, t), self.right(customer, t)
                if values[0] is None or values[1] is None:
                    missing = leaf.left_text if values[0] is None else leaf.right_text
                    return f"{missing} is not known"
                sign = leaf.sign if held else _OPPOSITE[leaf.sign]
                left = _side(leaf.left, leaf.left_text, values[0])
                return f"{left} {sign} {_side(leaf.right, leaf.right_text, values[1])}"


class Reason:
    """The comparisons of a tree, each in words."""

    def __init__(self, tree: Test, leg: Callable[[Leaf], Leg], answers: Callable[[list[Leaf]], Answers]) -> None:
        leaves = _leaves(tree)
        self._tree = tree
        self._legs = {id(leaf): leg(leaf) for leaf in leaves}
        self._ids = [id(leaf) for leaf in leaves]
        self._answers = answers(leaves)

    def said(self, customer: Any, t: int) -> str:
        """What makes the tree hold at t, or keeps it from holding."""
        truths = dict(zip(self._ids, self._answers(customer, t), strict=True))
        legs = dict.fromkeys(_agreeing(self._tree, _holds(self._tree, truths), truths))
        said = (self._legs[leaf].said(customer, t, truths[leaf]) for leaf in legs)
        return "; ".join(dict.fromkeys(said))


def _holds(test: Test, truths: Truths) -> bool:
    match test:
        case All(parts):
            return all(_holds(part, truths) for part in parts)
        case Some(parts):
            return any(_holds(part, truths) for part in parts)
        case Not(part):
            return not _holds(part, truths)
        case _:
            return truths[id(test)]


def _agreeing(test: Test, held: bool, truths: Truths) -> Iterator[int]:
    """The leaves that make a test hold, or keep it from holding."""
    match test:
        case All(parts) | Some(parts):
            for part in parts:
                if _holds(part, truths) is held:
                    yield from _agreeing(part, held, truths)
        case Not(part):
            yield from _agreeing(part, not held, truths)
        case _:
            yield id(test)


def _leaves(test: Test) -> list[Leaf]:
    match test:
        case All(parts) | Some(parts):
            return [leaf for part in parts for leaf in _leaves(part)]
        case Not(part):
            return _leaves(part)
        case _:
            return [test]


def _side(operand: Operand, text: str, value: Any) -> str:
    if isinstance(operand, Literal | Listed) or operand.kind is Kind.TEXTS:
        return text
    name = f"({text})" if isinstance(operand, Arithmetic) else text
    return f"{name} {shown(value, _unit(operand))}"


def _unit(operand: Operand) -> str:
    match operand:
        case Read(feature):
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
    """A value as people read it: money with 2 decimals, days with 1, texts in quotation marks."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int) and unit != "currency":
        return str(value)
    if unit in ("currency", "days"):
        return f"{value:.2f}" if unit == "currency" else f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4g}"
