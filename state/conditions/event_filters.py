"""Filters of events: conditions on the fields of one event, in the language of all conditions."""

import ast
import copy
import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from schemas.event_fields import fields_under
from schemas.events import Trait as Value
from state.civil_time import WEEKDAYS
from state.conditions.catalogue import Catalogue
from state.conditions.condition import condition_of
from state.conditions.errors import ConditionError, error_at
from state.conditions.kind import Kind
from state.conditions.nodes import Comparison, ListLiteral, Literal, Test, Trait, leaves_of, sides_of, traits_of
from state.conditions.one_line import on_one_line
from state.conditions.parse import parse_node
from state.conditions.read_source import read_source
from state.conditions.value_sets import Within

WORDS = frozenset(("known", "true", "false", "True", "False"))
"""What a condition reads as something else than a name."""
MOMENT: Mapping[str, Kind] = {"hour": Kind.NUMBER, "weekday": Kind.TEXT}
"""The fields that follow from when an event happened, unless the policy declares them."""
_TRAIT_WORDS = re.compile(r"\b(features, traits|a feature or a trait|a feature|traits?)\b")
_NOTHING = Catalogue(
    title="a filter of events",
    features={},
    functions={},
    windowed=lambda days: (),
    max_window_days=0,
    roll_offs=lambda window, features: lambda customer, after, until: (),
    day_of=lambda at: 0,
)


class CompiledFilter(NamedTuple):
    """Whether a filter accepts an event with these fields, if there is one, and the names of those that it reads.

    ``texts`` are those that it looks for in lists.
    """

    accepts: Callable[[Mapping[str, Value]], bool] | None
    names: frozenset[str]
    texts: frozenset[str]


NO_FILTER = CompiledFilter(None, frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class _Content:
    """The fields of an event, where a condition looks for the traits of a customer."""

    traits: Mapping[str, Value]


def kinds_of_fields(declared: Mapping[str, Sequence[str]]) -> dict[str, Kind]:
    """Return the kinds of fields under a policy that declares some; one that may be of any kind is not among them."""
    lists = {name: Kind.TEXTS for name, it in fields_under(declared).items() if it.is_list}
    return {**{name: kind for name, kind in MOMENT.items() if name not in declared}, **lists}


def limits_of_fields(kinds: Mapping[str, Kind]) -> dict[str, Within]:
    """Return the limits of the fields that are numbers within some, if they are of these kinds."""
    return {"hour": Within(0, 23)} if kinds.get("hour") is Kind.NUMBER else {}


def check_filter(source: str, node: ast.expr, kinds: Mapping[str, Kind]) -> Test:
    """Return the tree of a filter, a node of a source. Raises ``ConditionError`` at the place of what is wrong."""
    try:
        catalogue = replace(_NOTHING, traits=kinds)
        tree = parse_node(source, _AsTraits(source).visit(copy.deepcopy(node)), catalogue)
        if kinds.get("weekday") is Kind.TEXT:
            _check_weekdays(source, node, tree)
        return tree
    except ConditionError as error:
        # A property is declared nowhere.
        fix = 'write a list after `in`, as in ["DE", "FR"]' if "[traits]" in error.fix else _of_properties(error.fix)
        message = f"in `where`: {_of_properties(error.message)}"
        raise ConditionError(message, error.column, fix, error.row) from None


def filter_tree(text: str, kinds: Mapping[str, Kind]) -> Test:
    """Return the tree of a condition on fields, which are named without more. Raises ``ConditionError``."""
    return check_filter(*read_source(text), kinds)


def compile_filter(text: str, kinds: Mapping[str, Kind]) -> CompiledFilter:
    """Return the filter of such a condition. Raises ``ConditionError``."""
    tree = filter_tree(text, kinds)
    holds: Any = condition_of(on_one_line(text), tree, replace(_NOTHING, traits=kinds)).holds
    return CompiledFilter(
        lambda properties: holds(_Content(properties), 0), traits_of(tree), frozenset(_looked_for(tree))
    )


def _looked_for(tree: Test) -> Iterator[str]:
    for leaf in leaves_of(tree):
        match leaf:
            case Comparison(sign="in" | "not in", left=Literal(str(text)), right=Trait()):
                yield text


def _check_weekdays(source: str, node: ast.expr, tree: Test) -> None:
    for leaf in leaves_of(tree):
        sides = sides_of(leaf)
        if not any(isinstance(it, Trait) and it.name == "weekday" for it in sides):
            continue
        for side in sides:
            values = side.values if isinstance(side, ListLiteral) else [side.value] if isinstance(side, Literal) else []
            for value in values:
                if value not in WEEKDAYS:
                    near = difflib.get_close_matches(str(value).title(), WEEKDAYS, n=1, cutoff=0.4)
                    fix = f'did you mean "{near[0]}"?' if near else "it is one of " + ", ".join(WEEKDAYS)
                    raise error_at(source, node, f'`weekday` is never "{value}"', fix)


class _AsTraits(ast.NodeTransformer):
    """Every name as the trait of that name, which is how a condition reads what may be of any kind."""

    def __init__(self, source: str) -> None:
        self._source = source

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in WORDS:
            return node
        return ast.copy_location(ast.Attribute(ast.Name("traits", ast.Load()), node.id, ast.Load()), node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        told = f"`{ast.unparse(node)}` has a dot"
        raise error_at(self._source, node, told, "name a field of the event, as in `channel`")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        told = f"`{ast.unparse(node)}` is a call"
        raise error_at(self._source, node, told, "compare fields of the event with values")


def _of_properties(words: str) -> str:
    """Return what is told of traits as it is told of properties; what is quoted stays as it is."""
    parts = words.split("`")
    return "`".join(part if number % 2 else _TRAIT_WORDS.sub(_worded, part) for number, part in enumerate(parts))


def _worded(found: re.Match[str]) -> str:
    return "properties" if found[0].endswith("s") else "a property" if found[0].startswith("a ") else "property"
