"""Traits: what an event says about its customer, as flat names and scalars."""

from math import isfinite

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from schemas.coercion import MAX_TEXT, Fields, as_json, fields_of, is_numeric
from schemas.events import AnyFact, Traits, TraitsIdentified

_TEXT_OR_DOUBLE = (str, float)
_read_object = msgspec.json.Decoder(dict[str, object]).decode


def traits_of(raw: Raw) -> Traits:
    """Return the traits of an object. Raises msgspec's ``ValidationError`` for another value, or a number too large."""
    traits: Traits = {}
    for key, value in _read_object(raw).items():
        if isinstance(value, dict):
            for inner, scalar in value.items():
                _add(traits, f"{key}_{inner}", scalar)
        else:
            _add(traits, key, value)
    return by_name(traits)


def by_name(traits: Traits) -> Traits:
    """Return the traits in the order of their names, in which they are bounded."""
    return dict(sorted(traits.items()))


def coerced_traits(raw: Raw) -> Raw:
    """Return traits without what is no trait: lists, objects in objects, and numbers beyond a double."""
    kept: dict[str, Raw | Fields] = {}
    for name, value in fields_of(raw, "traits").items():
        if bytes(value)[:1] == b"{":
            kept[name] = {inner: each for inner, each in fields_of(value, "traits").items() if _is_trait(each)}
        elif _is_trait(value):
            kept[name] = value
    return as_json(kept)


def with_context_traits(fact: AnyFact, raw: Raw) -> AnyFact:
    """Return the fact with the traits of its event's context too; an ``identify`` has its own ones over them."""
    if bytes(raw)[:1] != b"{":
        return fact
    traits = traits_of(coerced_traits(raw))
    if not traits:
        return fact
    if isinstance(fact, TraitsIdentified):
        return replace(fact, traits=by_name(traits | fact.traits))
    return replace(fact, context_traits=traits)


def _add(traits: Traits, name: str, value: object) -> None:
    if value is None or isinstance(value, _TEXT_OR_DOUBLE) or (isinstance(value, int) and -(2**63) <= value < 2**63):
        traits[name[:MAX_TEXT]] = value


def _is_trait(raw: Raw) -> bool:
    content = bytes(raw)
    return content[:1] not in (b"{", b"[") and not (is_numeric(content) and not isfinite(float(content)))
