"""Trait types: the traits that a policy declares, each read as its type where a value can mean only one thing."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from math import isfinite

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from schemas import instant
from schemas.bounds import TEXTS_BOUND
from schemas.coercion import MAX_TEXT, Fields, as_json, fields_of, identifier, is_numeric, number, read_text
from schemas.events import AnyFact, Trait, Traits, TraitsIdentified
from schemas.reject import RejectedError
from schemas.timestamps import moment
from schemas.traits import by_name

MAX_LISTED = 64
LISTED_BOUND = "trait_texts"
TYPES = {
    "text": "text",
    "number": "number",
    "flag": "flag",
    "date": "date",
    "instant": "instant",
    "texts": "list of texts",
}
"""The types by their names, with the words for people."""

_VALUE = ""
_BARE_DATE = len("2017-12-31")
_FLAGS = {"true": True, "false": False, 1: True, 0: False}
_EXACT_INTEGERS = 2**63
_EXACT_DOUBLES = 2**53
_list = msgspec.json.Decoder(list[Raw]).decode


class MisfitError(ValueError):
    """Raised for a value that is not of its trait's type."""


class TraitTypes:
    """The types of the traits that a policy declares, by their names.

    ``date_of`` returns the date (``YYYY-MM-DD``) of an instant in the policy's time zone; it may raise
    ``OverflowError``. The texts ``named`` are never
    cut off a list.
    """

    def __init__(self, types: Mapping[str, str], date_of: Callable[[int], str], named: Collection[str] = ()) -> None:
        self._types = types
        self._date_of = date_of
        self._named = named
        self._readers: dict[str, Callable[[Fields, dict[str, None]], Trait | None]] = {
            "text": lambda fields, told: _text(fields),
            "number": lambda fields, told: _number(fields),
            "flag": lambda fields, told: _flag(fields),
            "date": lambda fields, told: self._date(fields),
            "instant": lambda fields, told: _instant(fields),
            "texts": self._texts,
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
            elif not isinstance(value, tuple):
                traits[name] = value
        return {name: value for name, value in traits.items() if value is not None}

    def _declared(self, raw: Raw) -> Iterator[tuple[str, Raw]]:
        if bytes(raw)[:1] != b"{":
            return
        for outer, value in fields_of(raw, "traits").items():
            if outer[:MAX_TEXT] in self._types:
                yield outer[:MAX_TEXT], value
            if bytes(value)[:1] == b"{":
                for inner, each in fields_of(value, "traits").items():
                    if (name := f"{outer}_{inner}"[:MAX_TEXT]) in self._types:
                        yield name, each

    def _read(self, name: str, raw: Raw, traits: Traits, told: dict[str, None]) -> None:
        """Add what a value says, if it says anything."""
        if bytes(raw) == b"null":
            traits[name] = None
            return
        kind = self._types[name]
        try:
            value = self._readers[kind]({_VALUE: raw}, told)
        except (MisfitError, RejectedError, OverflowError):
            told[f"traits.{name} is no {TYPES[kind]}"] = None
        else:
            if value is not None:
                traits[name] = value

    def _date(self, fields: Fields) -> str | None:
        raw = bytes(fields[_VALUE])
        if raw[:1] == b'"' and len(written := read_text(raw).strip()) == _BARE_DATE:
            try:
                if written.isascii() and written[4] == written[7] == "-":
                    return date.fromisoformat(written).isoformat()
            except ValueError:
                raise MisfitError from None
        found = moment(fields, _VALUE)
        return None if found is None else self._date_of(instant.from_datetime(found))

    def _texts(self, fields: Fields, told: dict[str, None]) -> tuple[str, ...] | None:
        raw = bytes(fields[_VALUE])
        if raw[:1] != b"[":
            whole = _text(fields)
            given = [whole] if whole.strip() else None
        else:
            given = [it for each in _list(raw) if bytes(each) != b"null" and (it := _text({_VALUE: each})).strip()]
        if given is None:
            return None
        cut = dict.fromkeys(it if it in self._named else it[:MAX_TEXT] for it in given)
        if any(it not in cut for it in given):
            told[TEXTS_BOUND] = None
        beyond = set([it for it in cut if it not in self._named][MAX_LISTED:])
        if beyond:
            told[LISTED_BOUND] = None
        return tuple(it for it in cut if it not in beyond)


def _text(fields: Fields) -> str:
    raw = bytes(fields[_VALUE])
    if raw[:1] == b'"':
        return read_text(raw)
    if not is_numeric(raw):
        raise MisfitError
    return identifier(fields, _VALUE) or ""


def _number(fields: Fields) -> int | float | None:
    raw = bytes(fields[_VALUE])
    found = number(fields, _VALUE)
    if found is None:
        return None
    if not isfinite(found):
        raise MisfitError
    if is_numeric(raw) and raw.lstrip(b"-").isdigit() and -_EXACT_INTEGERS <= (whole := int(raw)) < _EXACT_INTEGERS:
        return whole
    return int(found) if found.is_integer() and abs(found) < _EXACT_DOUBLES else found


def _flag(fields: Fields) -> bool | None:
    raw = bytes(fields[_VALUE])
    if raw in (b"true", b"false"):
        return raw == b"true"
    if raw[:1] == b'"' and (word := read_text(raw).strip().lower()) in _FLAGS:
        return _FLAGS[word]
    found = _number(fields)
    if found is not None and found not in _FLAGS:
        raise MisfitError
    return None if found is None else _FLAGS[found]


def _instant(fields: Fields) -> str | None:
    found = moment(fields, _VALUE)
    return None if found is None else instant.to_text(instant.from_datetime(found))
