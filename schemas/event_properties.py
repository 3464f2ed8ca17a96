"""The fields of events that conditions read: texts, numbers, flags and lists of texts, by their names."""

from collections.abc import Iterator, Mapping
from math import isfinite, nan

import msgspec
from msgspec import Raw

from schemas.coercion import DECIMAL, MAX_TEXT, NULL, Fields, fields_of
from schemas.event_fields import EACH, Field, Path
from schemas.events import Scalar, Trait
from schemas.reject import RejectedError

PROPERTIES_BOUND = "properties"
"""Told where a field that a condition reads cannot be used: it is then as if it were missing."""
MAX_LISTED = 64
MAX_NUMBER = 10**12
"""A number beyond that is not added up."""
Roots = Mapping[str, Fields]
"""What stands in ``properties`` and in ``context``; nothing where these are no objects."""
_UNUSABLE = (RejectedError, msgspec.DecodeError, UnicodeDecodeError)
_read_scalar = msgspec.json.Decoder(str | int | float | bool | None).decode
_read_fields = msgspec.json.Decoder(Fields).decode
_read_list = msgspec.json.Decoder(list[Raw]).decode


def roots_of(properties: Raw, context: Raw) -> tuple[Roots, bool]:
    """Return where fields are read, and whether ``properties`` could not be used.

    ``context`` is what is known around the event: null unless a field is read from it.
    """
    around = _fields_in(context) or {}
    try:
        return {"properties": fields_of(properties, "properties"), "context": around}, False
    except _UNUSABLE:
        return {"properties": {}, "context": around}, True


def properties_of(roots: Roots, wanted: Mapping[str, Field]) -> tuple[dict[str, Trait], bool]:
    """Return the wanted fields that are there, and whether something of them could not be used."""
    is_told = False
    found: dict[str, Trait] = {}
    for name, field in wanted.items():
        value: Trait | None
        value, is_odd = _listed(field, roots) if field.is_list else _single(field, roots)
        if value is not None:
            found[name] = value
            is_odd = is_odd or (field.is_added_up and not _can_be_added_up(value))
        is_told = is_told or is_odd
    return found, is_told


def number_in(value: Trait | None) -> int | float | None:
    """Return the number that a field is, or that stands in it in plain decimal notation; None if there is none."""
    if isinstance(value, str):
        written = value.strip()
        return float(written) if DECIMAL.fullmatch(written) and isfinite(float(written)) else None
    return None if isinstance(value, bool | tuple | dict) else value


def _single(field: Field, roots: Roots) -> tuple[Scalar | None, bool]:
    is_odd = False
    for path in field.paths:
        raw = _at(path, roots)
        if raw is None:
            continue
        try:
            value = _read_scalar(raw)
        except _UNUSABLE:
            is_odd = True
            continue
        if value is not None:
            if _is_usable(value):
                return value, False
            is_odd = True
    return None, is_odd


def _listed(field: Field, roots: Roots) -> tuple[tuple[str, ...] | None, bool]:
    is_odd = False
    for path in field.paths:
        texts: dict[str, None] = {}
        for raw, _ in parts_of(path, roots):
            text = text_in(raw)
            if text is None:
                is_odd = True
            elif text.strip():
                texts[text] = None
        if texts:
            others = 0
            kept = []
            for text in texts:
                others += text not in field.texts
                if text in field.texts or others <= MAX_LISTED:
                    kept.append(text)
            return tuple(kept), is_odd or len(kept) < len(texts)
    return None, is_odd


def _at(path: Path, roots: Roots) -> Raw | None:
    """Return what a path leads to; None where it leads nowhere."""
    found = roots[path[0]].get(path[1])
    return found if len(path) == 2 else _within(found, path[2:])


def _within(found: Raw | None, names: Path) -> Raw | None:
    """Return what names lead to from a value on; None where they lead nowhere."""
    for name in names:
        fields = _fields_in(found)
        if fields is None:
            return None
        found = fields.get(name)
    return found


def _fields_in(raw: Raw | None) -> Fields | None:
    if raw is None or bytes(raw)[:1] != b"{":
        return None
    try:
        return _read_fields(raw)
    except _UNUSABLE:
        return None


def parts_of(path: Path, roots: Roots) -> Iterator[tuple[Raw, Raw]]:
    """Yield what a path leads to in each part of the list that it goes through, and the part; without one, null."""
    place = next((place for place, name in enumerate(path) if name.endswith(EACH)), None)
    if place is None:
        found = _at(path, roots)
        if found is not None:
            yield found, Raw(NULL)
        return
    listed = _at((*path[:place], path[place].removesuffix(EACH)), roots)
    if listed is None or bytes(listed)[:1] != b"[":
        return
    rest = path[place + 1 :]
    for part in _read_list(listed):
        if not rest:
            yield part, part
        elif not _is_return(part):
            found = _within(part, rest)
            if found is not None:
                yield found, part


def number_at(name: str, part: Raw) -> int | float | None:
    """Return the number of a name in a part of a list; None where it is missing, NaN for what is no number."""
    raw = _within(part, (name,))
    try:
        value = _read_scalar(raw or NULL)
    except _UNUSABLE:
        return nan
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = number_in(value)
    return nan if number is None else number


def _is_return(part: Raw) -> bool:
    """Tell whether a line of an order is a return or a discount, whose quantity or price is a negative number."""
    return any(_is_negative(_within(part, (name,))) for name in ("quantity", "price"))


def _is_negative(raw: Raw | None) -> bool:
    try:
        number = number_in(_read_scalar(raw or NULL))
    except _UNUSABLE:
        return False
    return number is not None and isfinite(number) and number < 0


def text_in(raw: Raw) -> str | None:
    """Return a text, or a whole number as its digits; nothing for null, None for what is neither."""
    try:
        value = _read_scalar(raw)
    except _UNUSABLE:
        return None
    if value is None:
        return ""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else None
    if isinstance(value, bool | float) or not _is_usable(value) or str(value) != bytes(raw).decode():
        return None  # also a zero with a sign
    return str(value)


def _can_be_added_up(value: Trait) -> bool:
    """Tell whether a field is a number to be added up, or a blank text, which is as good as none."""
    number = number_in(value)
    return abs(number) <= MAX_NUMBER if number is not None else isinstance(value, str) and not value.strip()


def _is_usable(value: Scalar) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    return -(2**63) <= value < 2**63 if isinstance(value, int) else isfinite(value)
