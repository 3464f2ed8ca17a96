"""Bounds of what one event may say: what lies beyond them is cut off, and told by the bound's name."""

from collections.abc import Collection

from msgspec.structs import replace

from schemas.coercion import MAX_TEXT
from schemas.events import MAX_TRAITS, AnyFact, OrderCompleted, OrderUpdated, Scalar, Traits, TraitsIdentified

MAX_CATEGORIES = 32
CATEGORIES_BOUND = "categories"
TRAITS_BOUND = "event_traits"
TEXTS_BOUND = "texts"


def bounded(fact: AnyFact, named: Collection[str]) -> tuple[AnyFact, list[str]]:
    """Return a fact within the bounds, and which of them cut something off. The traits ``named`` are kept."""
    met: list[str] = []
    if isinstance(fact, OrderCompleted | OrderUpdated):
        categories = fact.categories
        if len(categories) > MAX_CATEGORIES:
            met.append(CATEGORIES_BOUND)
            fact = replace(fact, categories=categories[:MAX_CATEGORIES])
        if any(len(it) > MAX_TEXT for it in categories):
            met.append(TEXTS_BOUND)
            fact = replace(fact, categories=tuple([it[:MAX_TEXT] for it in fact.categories]))
    elif isinstance(fact, TraitsIdentified):
        fact = replace(fact, traits=_bounded_traits(fact.traits, named, met))
    if fact.context_traits is not None:
        fact = replace(fact, context_traits=_bounded_traits(fact.context_traits, named, met))
    return fact, met


def _bounded_traits(traits: Traits, named: Collection[str], met: list[str]) -> Traits:
    """Return traits by name: those that are named, and the first ``MAX_TRAITS`` others; texts are cut."""
    ordered = dict(sorted(traits.items()))
    if len(ordered) > MAX_TRAITS:
        others = [name for name in ordered if name not in named]
        for name in others[MAX_TRAITS:]:
            del ordered[name]
        if len(others) > MAX_TRAITS:
            met.append(TRAITS_BOUND)
    if any(isinstance(value, str) and len(value) > MAX_TEXT for value in ordered.values()):
        met.append(TEXTS_BOUND)
        return {name: _cut(value) for name, value in ordered.items()}
    return ordered


def _cut(value: Scalar | None) -> Scalar | None:
    return value[:MAX_TEXT] if isinstance(value, str) else value
