"""A reading: how a feature is read, as an expression that stands in the code of every condition that asks for it."""

import ast
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

PARTS = frozenset(("purchases", "engagement", "support"))


class Reading:
    """An expression of ``customer``, ``at`` and ``day``, or of the customer's parts by their names alone.

    ``names`` are the values of what else it names. It evaluates the parts that it names in any case. A call for each
    feature would cost more than what most of them do.
    """

    def __init__(self, text: str, names: Mapping[str, Any] | None = None) -> None:
        self.names = names or {}
        self._text = text

    def written(self, at: str, day: str, part: Callable[[str], str]) -> str:
        """The expression with these in place of its own names; ``part`` is asked in the order of evaluation."""
        return f"({ast.unparse(_Renaming(at, day, part).visit(ast.parse(self._text, mode='eval')))})"

    @cached_property
    def value(self) -> Callable[[Any, int, int], Any]:
        """The same as a function of (customer, at, day)."""
        source = self.written("at", "day", lambda name: f"customer.{name}")
        read: Callable[[Any, int, int], Any] = eval(f"lambda customer, at, day: {source}", dict(self.names))
        return read


class _Renaming(ast.NodeTransformer):
    def __init__(self, at: str, day: str, part: Callable[[str], str]) -> None:
        self._names = {"at": at, "day": day}
        self._part = part

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in PARTS:
            return ast.parse(self._part(node.id), mode="eval").body
        return ast.Name(self._names.get(node.id, node.id), node.ctx)
