"""Bounds of what one event may say: what lies beyond them is cut off, and told by the bound's name."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from schemas.coercion import MAX_TEXT
from schemas.event_fields import Field
from schemas.events import AnyFact, OrderCompleted, OrderUpdated, Trait, Traits, TraitsIdentified

MAX_CATEGORIES = 32
MAX_EVENT_TRAITS = 256
"""More than are kept of a customer: so that an event with many updates those that are."""
CATEGORIES_BOUND = "categories"
TRAITS_BOUND = "event_traits"
TEXTS_BOUND = "texts"
_ORDERS = (OrderCompleted, OrderUpdated)


class Named(NamedTuple):
    """What a policy names: traits, texts looked for in lists, and categories, which no bound may cut off, and events.

    ``events`` are those that lifestage knows only from the policy: their names, by key (see ``event_key``).
    ``properties`` are the fields that conditions read of events, by the event's name; of those ``around`` also
    what is known around the event is read. ``priced`` are the fields of orders whose values' amounts are read.
    """

    traits: Collection[str] = ()
    texts: Collection[str] = ()
    categories: Collection[str] = ()
    events: Mapping[str, str] = {}
    properties: Mapping[str, Mapping[str, Field]] = {}
    around: Collection[str] = ()
    priced: Collection[str] = ()


NOTHING_NAMED = Named()


def bounded(fact: AnyFact, named: Named) -> tuple[AnyFact, Sequence[str]]:
    """Return a fact within the bounds, and which of them cut something off."""
    if isinstance(fact, _ORDERS):
        categories = fact.categories
        fits = len(categories) <= MAX_CATEGORIES and (
            len("".join(categories)) <= MAX_TEXT or _fit(categories, MAX_CATEGORIES)
        )
    else:
        fits = not isinstance(fact, TraitsIdentified) or _fit(fact.traits.values(), MAX_EVENT_TRAITS)
    if fits and (fact.context_traits is None or _fit(fact.context_traits.values(), MAX_EVENT_TRAITS)):
        return fact, ()
    return _cut_off(fact, named)


def unnamed_beyond(names: Iterable[str], named: Collection[str], most: int) -> set[str]:
    """Return the names that are not named, but for the first so many of them."""
    return set([name for name in names if name not in named][most:])


def _fit(values: Collection[Trait | None], most: int) -> bool:
    if len(values) > most:
        return False
    for value in values:  # a loop, since a generator would cost more than the comparisons
        if type(value) is str and len(value) > MAX_TEXT:
            return False
    return True


def _cut_off(fact: AnyFact, named: Named) -> tuple[AnyFact, Sequence[str]]:
    met: dict[str, None] = {}
    if isinstance(fact, _ORDERS):
        beyond = unnamed_beyond(fact.categories, named.categories, MAX_CATEGORIES)
        if beyond:
            met[CATEGORIES_BOUND] = None
        kept = [it for it in fact.categories if it not in beyond]
        if any(len(it) > MAX_TEXT for it in kept):
            met[TEXTS_BOUND] = None
        fact = replace(fact, categories=tuple([it[:MAX_TEXT] for it in kept]))
    elif isinstance(fact, TraitsIdentified):
        fact = replace(fact, traits=_cut_off_traits(fact.traits, named, met))
    if fact.context_traits is not None:
        fact = replace(fact, context_traits=_cut_off_traits(fact.context_traits, named, met))
    return fact, tuple(met)


def _cut_off_traits(traits: Traits, named: Named, met: dict[str, None]) -> Traits:
    beyond = unnamed_beyond(traits, named.traits, MAX_EVENT_TRAITS)
    if beyond:
        met[TRAITS_BOUND] = None
    kept: Traits = {}
    for name, value in traits.items():
        if name in beyond:
            continue
        if isinstance(value, str) and len(value) > MAX_TEXT:
            met[TEXTS_BOUND] = None
            kept[name] = value[:MAX_TEXT]
        else:
            kept[name] = value
    return kept
