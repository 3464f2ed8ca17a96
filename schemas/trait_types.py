"""Trait types: the traits that a policy declares, each read as its type where a value can mean only one thing."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from schemas import instant
from schemas.bounds import TEXTS_BOUND
from schemas.coercion import MAX_TEXT, as_json, fields_of
from schemas.events import AnyFact, Trait, Traits, TraitsIdentified
from schemas.reject import RejectedError
from schemas.tags import read_tags
from schemas.time_zones import zone_named
from schemas.timestamps import moment
from schemas.traits import by_name, coerced_traits, traits_of
from schemas.typed_values import MisfitError, date_in, flag_in, instant_in, number_in, text_in

MAX_LISTED = 64
LISTED_BOUND = "trait_texts"
TYPES = {
    "text": "text",
    "number": "number",
    "flag": "flag",
    "date": "date",
    "instant": "instant",
    "texts": "list of texts",
    "tags": "set of tags",
}
"""The types by their names, with the words for people."""
_WORDS = {**TYPES, "zone": "time zone"}

_list = msgspec.json.Decoder(list[Raw]).decode
_INSTANT = ""


class TraitTypes:
    """The types of the traits that a policy declares, by their names; ``zone`` is that of a customer's time zone.

    ``date_of`` returns the date (``YYYY-MM-DD``) of an instant in the policy's time zone; it may raise
    ``OverflowError``. The texts ``named`` are never cut off a list or a set of tags.
    """

    def __init__(self, types: Mapping[str, str], date_of: Callable[[int], str], named: Collection[str] = ()) -> None:
        self._types = types
        self._date_of = date_of
        self._named = named
        self._tags = frozenset(name for name, kind in types.items() if kind == "tags")
        self._readers: dict[str, Callable[[Raw], Trait | None]] = {
            "text": text_in,
            "number": number_in,
            "flag": flag_in,
            "date": lambda raw: date_in(raw, self._day_of),
            "instant": instant_in,
            "zone": _zone_in,
        }

    def applied(self, fact: AnyFact, own: Raw, around: Raw) -> tuple[AnyFact, Sequence[str]]:
        """Return a fact with the declared traits read as their types, and what is told of them.

        ``own`` is the JSON object of an ``identify``, ``around`` that of the event's context. What does not fit is
        told, and is as if it had not been said.
        """
        said = dict(self._declared(around)) | dict(self._declared(own))
        if not said:
            return fact, ()
        told: dict[str, None] = {}
        traits = dict(fact.traits if isinstance(fact, TraitsIdentified) else fact.context_traits or {})
        if not self._tags.isdisjoint(said):
            traits = self._flattened(around) | self._flattened(own)
        for name, raw in said.items():
            traits.pop(name, None)
            self._read(name, raw, traits, told)
        traits = by_name(traits)
        if isinstance(fact, TraitsIdentified):
            return replace(fact, traits=traits), tuple(told)
        return replace(fact, context_traits=traits or None), tuple(told)

    def again(self, known: dict[str, Trait]) -> dict[str, Trait]:
        """Return remembered traits as if they were said now; one that does not fit any more is forgotten."""
        traits: Traits = {}
        for name, value in known.items():
            if name in self._types:
                self._read(name, as_json(value), traits, {})
            elif not isinstance(value, tuple | dict):
                traits[name] = value
        return {name: value for name, value in traits.items() if value is not None}

    def _declared(self, raw: Raw) -> Iterator[tuple[str, Raw]]:
        if bytes(raw)[:1] != b"{":
            return
        for outer, value in fields_of(raw, "traits").items():
            if (name := outer[:MAX_TEXT]) in self._types:
                yield name, value
            if bytes(value)[:1] == b"{" and name not in self._tags:
                for inner, each in fields_of(value, "traits").items():
                    if (name := f"{outer}_{inner}"[:MAX_TEXT]) in self._types:
                        yield name, each

    def _flattened(self, raw: Raw) -> Traits:
        """Return the traits of an object, without what stands in its tags."""
        if bytes(raw)[:1] != b"{":
            return {}
        fields = fields_of(raw, "traits")
        return traits_of(
            coerced_traits(as_json({it: each for it, each in fields.items() if it[:MAX_TEXT] not in self._tags}))
        )

    def _read(self, name: str, raw: Raw, traits: Traits, told: dict[str, None]) -> None:
        """Add what a value says, if it says anything."""
        if bytes(raw) == b"null":
            traits[name] = None
            return
        kind = self._types[name]
        try:
            if kind == "texts":
                value = self._texts(raw, told)
            elif kind == "tags":
                value = self._tags_in(name, raw, told)
            else:
                value = self._readers[kind](raw)
        except (MisfitError, RejectedError, OverflowError):
            told[f"traits.{name} is no {_WORDS[kind]}"] = None
        else:
            if value is not None:
                traits[name] = value

    def _day_of(self, raw: Raw) -> str | None:
        found = moment({_INSTANT: raw}, _INSTANT)
        return None if found is None else self._date_of(instant.from_datetime(found))

    def _texts(self, raw: Raw, told: dict[str, None]) -> Trait | None:
        if bytes(raw)[:1] != b"[":
            whole = text_in(raw)
            given = [whole] if whole.strip() else None
        else:
            given = [it for each in _list(raw) if bytes(each) != b"null" and (it := text_in(each)).strip()]
        if given is None:
            return None
        cut = dict.fromkeys(it if it in self._named else it[:MAX_TEXT] for it in given)
        if any(it not in cut for it in given):
            told[TEXTS_BOUND] = None
        beyond = set([it for it in cut if it not in self._named][MAX_LISTED:])
        if beyond:
            told[LISTED_BOUND] = None
        return tuple(it for it in cut if it not in beyond)

    def _tags_in(self, name: str, raw: Raw, told: dict[str, None]) -> Trait | None:
        found = read_tags(raw, self._named, MAX_LISTED)
        if found is None:
            return None
        for is_told, word in (
            (found.has_misfits, f"traits.{name} has what is no tag"),
            (found.is_cut_short, TEXTS_BOUND),
            (found.is_cut_off, LISTED_BOUND),
        ):
            if is_told:
                told[word] = None
        return found.tags


def _zone_in(raw: Raw) -> str | None:
    written = text_in(raw)
    if not written.strip():
        return None
    found = zone_named(written)
    if found is None:
        raise MisfitError
    return found
