"""Filters of events: conditions on the properties of one event, in the language of all conditions."""

import ast
import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemas.events import Scalar
from state.conditions.catalogue import Catalogue
from state.conditions.condition import condition_of
from state.conditions.errors import ConditionError, error_at
from state.conditions.nodes import Test, traits_of
from state.conditions.parse import parse_node

_WORDS = frozenset(("known", "true", "false", "True", "False"))
_TRAIT_WORDS = re.compile(r"\b(features, traits|a feature or a trait|a feature|traits?)\b")
_NOTHING = Catalogue(
    title="a filter of events",
    features={},
    functions={},
    windowed=lambda days: (),
    max_window_days=0,
    roll_offs=lambda customer, window, after, until: (),
    day_of=lambda at: 0,
)


class CompiledFilter(NamedTuple):
    """Whether a filter accepts the properties of an event, if there is one, and the names of those that it reads."""

    accepts: Callable[[Mapping[str, Scalar]], bool] | None
    names: frozenset[str]


NO_FILTER = CompiledFilter(None, frozenset())


@dataclass(frozen=True, slots=True)
class _Content:
    """The properties of an event, where a condition looks for the traits of a customer."""

    traits: Mapping[str, Scalar]


def check_filter(source: str, node: ast.expr) -> Test:
    """Return the tree of a filter, a node of a source. Raises ``ConditionError`` at the place of what is wrong."""
    try:
        return parse_node(source, _AsTraits(source).visit(copy.deepcopy(node)), _NOTHING)
    except ConditionError as error:
        # A property is declared nowhere.
        fix = 'write a list after `in`, as in ["DE", "FR"]' if "[traits]" in error.fix else _of_properties(error.fix)
        message = f"in `where`: {_of_properties(error.message)}"
        raise ConditionError(message, error.column, fix, error.row) from None


def compile_filter(text: str) -> CompiledFilter:
    """Return the filter of a condition on properties, which are named without more. Raises ``ConditionError``."""
    source = f"({text}\n)"
    tree = check_filter(source, ast.parse(source, mode="eval").body)
    holds: Any = condition_of(text, tree, _NOTHING).holds
    return CompiledFilter(lambda properties: holds(_Content(properties), 0), traits_of(tree))


class _AsTraits(ast.NodeTransformer):
    """Every name as the trait of that name, which is how a condition reads what may be of any kind."""

    def __init__(self, source: str) -> None:
        self._source = source

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in _WORDS:
            return node
        return ast.copy_location(ast.Attribute(ast.Name("traits", ast.Load()), node.id, ast.Load()), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        told = f"`{ast.unparse(node)}` has a dot"
        raise error_at(self._source, node, told, "name a property of the event, as in `channel`")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        told = f"`{ast.unparse(node)}` is a call"
        raise error_at(self._source, node, told, "compare properties of the event with values")


def _of_properties(words: str) -> str:
    """Return what is told of traits as it is told of properties; what is quoted stays as it is."""
    parts = words.split("`")
    return "`".join(part if number % 2 else _TRAIT_WORDS.sub(_worded, part) for number, part in enumerate(parts))


def _worded(found: re.Match[str]) -> str:
    return "properties" if found[0].endswith("s") else "a property" if found[0].startswith("a ") else "property"
