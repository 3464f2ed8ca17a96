"""Counting: what functions of events have in common, from the name of an event to the formula of a window."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.event_names import event_key, track_name, why_uncountable
from state.conditions.event_filters import NO_FILTER, check_filter, compile_filter
from state.conditions.features import EventFilter, Feature
from state.conditions.formula import Formula
from state.conditions.functions import CallError, Parameter, Sort
from state.conditions.kind import Kind
from state.customer.counted_events import occurrences_key
from state.customer.parts import event_part
from state.features.event_windows import WindowFormula
from state.slots import Slots

EVENT = Parameter(name="event", sort=Sort.TEXT)
NUMBER = Parameter(name="number", sort=Sort.PROPERTY)
DAYS = Parameter(name="days", sort=Sort.DAYS, is_needed=False)
HOURS = Parameter(name="hours", sort=Sort.HOURS, most=72, is_needed=False, by_name=True)


class Counting:
    """The events and filters under one policy, in which ``kinds`` are those of fields that are not of any kind.

    Windows in hours are counted by ``slots``.

    Two spellings of one name are one event, which has the name of the first.
    """

    def __init__(self, kinds: Mapping[str, Kind], slots: Slots) -> None:
        self._kinds = kinds
        self._slots = slots
        self._names: dict[str, str] = {}
        self.where = Parameter(
            name="where",
            sort=Sort.CONDITION,
            is_needed=False,
            by_name=True,
            check=lambda source, node: check_filter(source, node, kinds),
        )

    def name(self, event: str) -> str:
        """Return the name of an event, however it is spelled. Raises ``CallError``."""
        event = event.strip()
        if (told := why_uncountable(event)) is not None:
            raise CallError(f"no event can be named `{event[:40]}`", told)
        return self._names.setdefault(event_key(event), track_name(event) or event)

    def filter(self, event: str, where: str, hours: int | None = None) -> EventFilter:
        """Return the events of a name that a filter accepts, if there is one, in a window. Raises ``CallError``."""
        event = self.name(event)
        accepts, names, texts = compile_filter(where, self._kinds) if where else NO_FILTER
        key = event_key(event)
        if hours is None:
            return EventFilter(event, occurrences_key(key, where), accepts, names, texts=texts)
        counted = occurrences_key(key, where, self._slots)
        slots = self._slots.in_hours(hours)
        return EventFilter(event, counted, accepts, names, texts=texts, slots=self._slots, window_slots=slots)

    def numbers(self, event: str, where: str, number: str, hours: int | None = None) -> EventFilter:
        """Return the same, of which a number is added up. Raises ``CallError``."""
        self.require_number(number)
        return self.filter(event, where, hours)._replace(number=number)

    def require_number(self, name: str) -> None:
        """Raise ``CallError`` if a field is known to be no number."""
        kind = self._kinds.get(name, Kind.NUMBER)
        if kind is not Kind.NUMBER:
            raise CallError(f"`{name}` is {kind.phrase}", "name a property or field that is a number")


def counted_feature(name: str, unit: str, meaning: str, counts: EventFilter, formula: Formula) -> Feature:
    """Return the feature of counted events, of all time."""
    part = event_part(event_key(counts.event))
    return Feature(name=name, unit=unit, meaning=meaning, formula=formula, parts=part, counts=counts)


def windowed_formula(since: Callable[..., object], between: Callable[..., object], **given: Any) -> WindowFormula:
    """Return what makes the formula of a window; ``between`` is that of one that ends earlier."""
    return lambda oldest, after=None, day="": (
        Formula(since, day=day, **given, before=oldest)
        if after is None
        else Formula(between, day=day, **given, before=oldest, after=after)
    )
