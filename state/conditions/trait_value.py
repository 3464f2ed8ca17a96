"""Values of traits: each is missing (None) where another kind is asked for."""

from collections.abc import Callable

from schemas.events import Tags, Trait
from state.conditions.kind import Kind


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...] | None:
    return value if isinstance(value, tuple) else None


def _tags(value: object) -> Tags | None:
    return value if isinstance(value, dict) else None


OF_KIND: dict[Kind, Callable[[object], Trait | None]] = {
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.TEXTS: _texts,
    Kind.TAGS: _tags,
    Kind.DATE: _text,
    Kind.INSTANT: _text,
}
"""Dates and instants are stored as texts of one form, which nothing but a declared trait has by right."""
