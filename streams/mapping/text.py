"""The decoder of a mapping's text, which finds everything that is wrong with it at once, with its line and fix."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin
from zoneinfo import ZoneInfo

import msgspec

from schemas.event_names import nearest_name, track_name
from state.policy.text import PolicyError, PolicyText, Problem
from state.policy.toml_lines import Path
from streams.mapping.moments import problem_of
from streams.mapping.paths import PathError, Paths
from streams.mapping.shape import Condition, Event, MappingShape, Names, Value, columns_of

_FORMATS = 'write it as in "%d/%m/%Y %H:%M"'
_PLAIN_KINDS = {
    str: "a text in quotation marks",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


class MappingError(ValueError):
    """A mapping that cannot be used, with all of its problems in order of lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("; ".join(f"line {it.line}: {it.message}. {it.fix}" for it in self.problems))


class MappingText(PolicyText):
    """The text of a mapping with the lines of its keys. Problems are collected, not raised."""

    def __init__(self, text: str) -> None:
        try:
            super().__init__(text)
        except PolicyError as error:
            raise MappingError(error.problems) from None

    def mapping(self) -> MappingShape:
        """Return the mapping, with the default in place of every value that is wrong."""
        shape: MappingShape = self._section(MappingShape, self._tables, ())
        return shape

    def _value(self, field: msgspec.structs.FieldInfo, value: Any, path: Path) -> Any:
        kinds = get_args(field.type) or (field.type,)
        if Value in kinds and get_origin(field.type) is not dict:
            return self._read_value(value, path)
        if get_origin(field.type) is dict and isinstance(value, dict):
            if kinds[1] is Value:
                read = {key: self._read_value(it, (*path, key)) for key, it in value.items()}
                return {key: it for key, it in read.items() if it is not msgspec.UNSET}
            return self._plain(field, value, path)
        return super()._value(field, value, path)

    def _read_value(self, value: Any, path: Path) -> Any:
        if isinstance(value, str | list):
            # What is short in the file: `total = "Total"` is a column, `event = "Order Completed"` is that event.
            value = {"value": value} if path[-1] == "event" else {"column": value}
        if path[-1] == "event" and isinstance(value, dict) and "values" in value:
            value = {"other": "skip", **value}
        if not isinstance(value, dict):
            self.report(path, f"`{path[-1]}` is {_written(value)}", 'write the name of a column, or { value = "..." }')
            return msgspec.UNSET
        return self._section(Value, value, path)

    def _plain(self, field: msgspec.structs.FieldInfo, value: Any, path: Path) -> Any:
        try:
            return msgspec.convert(value, field.type)
        except msgspec.ValidationError:
            self.report(path, f"`{field.name}` is {_written(value)}", f"write {_kind(field.type)}")
            return "unnamed" if field.required else msgspec.UNSET


def read_mapping(text: str) -> tuple[MappingShape, MappingText]:
    """Decode and check the text of a mapping; the second result knows its lines. Raises ``MappingError``."""
    decoder = MappingText(text)
    shape = decoder.mapping()
    if not decoder.problems:
        _check(shape, decoder)
    if decoder.problems:
        raise MappingError(decoder.problems)
    return shape, decoder


def _check(shape: MappingShape, text: MappingText) -> None:
    for number, format_text in enumerate(shape.formats):
        told = problem_of(format_text)
        if told:
            text.report(("formats", number), told, _FORMATS)
    try:
        ZoneInfo(shape.zone or "UTC")
    except (ValueError, OSError, KeyError):
        text.report(("zone",), f"there is no time zone `{shape.zone}`", 'write it as in "Europe/Berlin" or "UTC"')
    if not shape.events:
        text.report((), "no [[events]] says what a record is", 'write [[events]] and event = "Order Completed"')
    for place, value in (*values_of(shape), *_values_of_customers(shape)):
        if value.value is None and not columns_of(value):
            fix = 'write the name of a column, or { value = "..." }'
            text.report(place, f"`{place[-1]}` names no column", fix)
        if value.minor_units and (place[0] == "customers" or place == ("products", "quantity")):
            text.report(place, f"`{place[-1]}` is in minor units, and has no currency", "leave out minor_units")
    for place, name in _paths_of(shape):
        _check_path(name, place, text)
    for number, event in enumerate(shape.events):
        _check_event(event, number, shape, text)


def _check_path(name: str, place: Path, text: MappingText) -> None:
    try:
        Paths().getter(name)
    except PathError as error:
        text.report(place, error.message, error.fix)


def _check_event(event: Event, number: int, shape: MappingShape, text: MappingText) -> None:
    path = ("events", number)
    for name in ("customer", "at"):
        if getattr(event, name) is None and getattr(shape, name) is None:
            text.report(path, f"no `{name}` says {_NEEDED[name]}", f"write it at the top, as in `{name} = ...`")
    constant = event.event.value
    known: list[object] = list(event.event.values.values()) if constant is None else [constant]
    for named in known:
        if not isinstance(named, str) or not named.strip():
            text.report((*path, "event"), f"`{named}` is no name of an event", "write it in quotation marks")
        # Any other name than one that is nearly known may be one that a policy counts.
        elif track_name(named) is None and (near := nearest_name(named)):
            text.report((*path, "event"), f"there is no event `{named}`", f"did you mean `{near}`?")


_NEEDED = {"customer": "who the customer is", "at": "when it happened"}


def values_of(shape: MappingShape) -> list[tuple[Path, Value]]:
    """Return every value of a mapping that is read from a record, with its place."""
    found: list[tuple[Path, Value | None]] = [
        ((name,), getattr(shape, name)) for name in ("customer", "at", "order_id", "currency", "message_id")
    ]
    if shape.products is not None:
        names = ("product_id", "category", "quantity", "price")
        found += [(("products", name), getattr(shape.products, name)) for name in names]
    for number, event in enumerate(shape.events):
        for field in msgspec.structs.fields(Event):
            value = getattr(event, field.name)
            if isinstance(value, dict):
                found += [(("events", number, field.name, key), it) for key, it in value.items()]
            elif isinstance(value, Value):
                found.append((("events", number, field.name), value))
    return [(path, value) for path, value in found if isinstance(value, Value)]


def _values_of_customers(shape: MappingShape) -> Iterator[tuple[Path, Value]]:
    """Yield the values that are read from the file of customers, with their places."""
    if shape.customers is None:
        return
    if shape.customers.at is not None:
        yield ("customers", "at"), shape.customers.at
    for name, trait in shape.customers.traits.items():
        yield ("customers", "traits", name), trait


def _paths_of(shape: MappingShape) -> Iterator[tuple[Path, str]]:
    """Yield every path of a mapping, into records of any of its files, with its place."""
    for place, value in (*values_of(shape), *_values_of_customers(shape)):
        for name in columns_of(value):
            yield place, name
    for number, event in enumerate(shape.events):
        for name in event.when:
            yield ("events", number, "when", name), name
    if shape.group_by:
        yield ("group_by",), shape.group_by
    if shape.products is not None and shape.products.each:
        yield ("products", "each"), shape.products.each


def _written(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()[:60]
    except (TypeError, ValueError):
        return str(value)[:60]


def _kind(kind: Any) -> str:
    if kind == Names:
        return "the name of a column, or a list of names"
    if kind == dict[str, Condition]:
        return 'conditions, as in { Status = ["paid"], Quantity = "< 0" }'
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return "a list of texts"
    if get_origin(kind) is dict:
        return "a table of texts"
    if arguments and all(isinstance(it, str) for it in arguments):
        return "one of " + ", ".join(f'"{it}"' for it in arguments)
    if arguments and arguments[0] in _PLAIN_KINDS:
        return _PLAIN_KINDS[arguments[0]]
    return _PLAIN_KINDS.get(kind, "a text or a number")
