"""The rows of the published catalogue: each feature in the words of one table, on a terminal and on the page alike."""

from collections.abc import Iterator

from schemas.event_types import EVENT_TYPES
from state.conditions.parse_calls import CLAMPED
from state.features.published_shape import (
    PublishedCatalogue,
    PublishedFeature,
    PublishedFunction,
    PublishedUndeclared,
)

MEASURES_HEAD = ("measure", "description", "value", "in profiles")
FIELDS_HEAD = ("field", "type", "read from")
HEAD = ("name", "meaning", "type", "unit", "from", "by time alone", "read by the policy")
_AS_THE_NUMBER = ("number", "", "the number", "as the number", "")
Row = tuple[str, ...]
_CLAMPED: list[Row] = [
    (CLAMPED["at_most"], "a number, or the limit where it is above that", *_AS_THE_NUMBER),
    (CLAMPED["at_least"], "a number, or the limit where it is below that", *_AS_THE_NUMBER),
]


def sections_of(catalogue: PublishedCatalogue) -> Iterator[tuple[str, list[Row]]]:
    """Yield the title of each section that has rows, and these, under ``HEAD``; a function is named by its example."""
    sections = {
        "Now and of all time": map(_row, catalogue.features),
        f"In the last N days, N = 1 to {catalogue.most_window_days}": map(_row, catalogue.windowed),
        "Functions, by an example of each": [*map(_call, catalogue.functions), *_CLAMPED],
        "Once the policy declares it": map(_undeclared, catalogue.undeclared),
    }
    yield from ((title, rows) for title, each in sections.items() if (rows := list(each)))


def fields_of(catalogue: PublishedCatalogue) -> list[Row]:
    """Return the fields of events under ``FIELDS_HEAD``."""
    when = "the instant of the event, in the policy's zone, or the customer's own with `zone_trait`"
    return [
        (it.name, f"{it.type} or missing" if it.paths else it.type, ", ".join(it.paths) or when)
        for it in catalogue.fields
    ]


def measures_of(catalogue: PublishedCatalogue) -> list[Row]:
    """Return the measures of the policy under ``MEASURES_HEAD``."""
    return [(it.name, it.description, it.value, "yes" if it.in_profiles else "") for it in catalogue.measures]


def events_of(catalogue: PublishedCatalogue) -> list[Row]:
    """Return the parts that features are read from, each with the names of the events that change it."""
    return [
        (
            part,
            ", ".join(events)
            if len(events) < len(EVENT_TYPES)
            else "every event that lifestage knows or the policy counts",
        )
        for part, events in catalogue.parts.items()
    ]


def _row(feature: PublishedFeature) -> Row:
    values = f": {', '.join(feature.values)}" if feature.values else ""
    return (
        feature.name,
        feature.meaning + values,
        f"{feature.type} or missing" if feature.may_be_missing else feature.type,
        feature.unit,
        ", ".join(feature.parts),
        feature.by_time_alone,
        _read(feature),
    )


def _call(function: PublishedFunction) -> Row:
    name, _, *more = _row(function.example)
    return (name, function.meaning, *more)


def _undeclared(it: PublishedUndeclared) -> Row:
    name, meaning, *more = _row(it.example)
    return (name, f"{meaning} (needs `{it.needs}`)", *more)


def _read(feature: PublishedFeature) -> str:
    family = feature.name.removesuffix("Nd")
    if family != feature.name and feature.read_as:
        return f"{', '.join(it.removeprefix(family).removesuffix('d') for it in feature.read_as)} days"
    return "yes" if feature.read_as == (feature.name,) else ", ".join(feature.read_as)
