"""Filters of events: conditions on the properties of one event, in the language of all conditions."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from schemas.events import Scalar
from state.conditions.catalogue import Catalogue
from state.conditions.condition import compile_condition
from state.conditions.errors import ConditionError
from state.conditions.functions import CallError
from state.conditions.nodes import traits_of

_WORDS = frozenset(("known", "true", "false", "True", "False"))
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


def compile_filter(text: str) -> CompiledFilter:
    """Return the filter of a condition on properties, which are named without more. Raises ``CallError``."""
    traits = ast.unparse(_AsTraits().visit(ast.parse(text, mode="eval").body))
    try:
        condition = compile_condition(traits, _NOTHING)
    except ConditionError as error:
        # A property is declared nowhere.
        fix = 'write a list after `in`, as in ["DE", "FR"]' if "[traits]" in error.fix else _named(error.fix)
        raise CallError(f"in `where`: {_named(error.message)}", fix) from None
    holds: Any = condition.holds
    return CompiledFilter(lambda properties: holds(_Content(properties), 0), traits_of(condition.tree))


class _AsTraits(ast.NodeTransformer):
    """Every name as the trait of that name, which is how a condition reads what may be of any kind."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return node if node.id in _WORDS else ast.Attribute(ast.Name("traits", ast.Load()), node.id, ast.Load())

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        raise CallError(f"in `where`: `{ast.unparse(node)}` has a dot", "name a property of the event, as in `channel`")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        raise CallError(f"in `where`: `{ast.unparse(node)}` is a call", "compare properties of the event with values")


def _named(words: str) -> str:
    return words.replace("traits.", "")
