"""The rows of the published catalogue: each feature in the words of one table, on a terminal and on the page alike."""

from collections.abc import Iterator, Mapping, Sequence

from schemas.event_types import EVENT_TYPES
from state.conditions.parse_calls import CLAMPED
from state.features.published_shape import (
    PublishedCatalogue,
    PublishedFeature,
    PublishedFunction,
    PublishedUndeclared,
)
from streams.cli.policy_costs import Cost, Costs

MEASURES_HEAD = ("measure", "description", "value", "in profiles")
FIELDS_HEAD = ("field", "type", "read from")
COSTS_HEAD = ("bytes a customer", "microseconds an event")
CALLS_HEAD = ("call", *COSTS_HEAD)
CALLS = "Functions, as the policy calls them"
HEAD = ("name", "meaning", "type", "unit", "from", "by time alone", "read by the policy")
_UNREAD_DAYS = 30
"""The window with which a family is measured of which the policy reads none."""
_AS_THE_NUMBER = ("number", "", "the number", "as the number", "")
Row = tuple[str, ...]
_CLAMPED: list[Row] = [
    (CLAMPED["at_most"], "a number, or the limit where it is above that", *_AS_THE_NUMBER),
    (CLAMPED["at_least"], "a number, or the limit where it is below that", *_AS_THE_NUMBER),
]


def sections_of(catalogue: PublishedCatalogue, costs: Costs | None = None) -> Iterator[tuple[str, list[Row]]]:
    """Yield the title of each section that has rows, and these, under ``HEAD``; a function is named by its example.

    With ``costs``, each row goes on under ``COSTS_HEAD``.
    """
    sections: dict[str, list[tuple[Row, Sequence[str]]]] = {
        "Now and of all time": [(_row(it), _measured_as(it)) for it in catalogue.features],
        f"In the last N days, N = 1 to {catalogue.most_window_days}": [
            (_row(it), _measured_as(it)) for it in catalogue.windowed
        ],
        "Functions, by an example of each": [(it, ()) for it in (*map(_call, catalogue.functions), *_CLAMPED)],
        "Once the policy declares it": [(_undeclared(it), ()) for it in catalogue.undeclared],
    }
    for title, rows in sections.items():
        if rows:
            yield title, [row if costs is None else (*row, *_costs(names, costs.names)) for row, names in rows]


def calls_of(catalogue: PublishedCatalogue, costs: Costs) -> list[Row]:
    """Return the calls that the policy reads, under ``CALLS_HEAD``."""
    return [(name, *_costs((name,), costs.names)) for it in catalogue.functions for name in it.example.read_as]


def unread_of(catalogue: PublishedCatalogue) -> list[str]:
    """Return the names by which what the policy does not read is measured: all but calls, and traits."""
    return [name for it in (*catalogue.features, *catalogue.windowed) for name in _measured_as(it) if not it.read_as]


def costs_note(costs: Costs) -> str:
    """Return what the figures under ``COSTS_HEAD`` are."""
    return (
        f"Costs are measured on {costs.events:,} events of {costs.customers:,} customers: what each name adds alone to "
        "a policy without rules, in the order of the names that the policy reads. Of a family of windows of which it "
        f"reads none, it is that of {_UNREAD_DAYS} days; of functions, the calls of the policy are measured. What can "
        "be asked only beside other rules has a ?. Bytes are exact, microseconds rough."
    )


def _measured_as(feature: PublishedFeature) -> Sequence[str]:
    name = feature.name
    family = name.removesuffix("Nd")
    unread = () if name.endswith(".NAME") else (name if family == name else f"{family}{_UNREAD_DAYS}d",)
    return feature.read_as or unread


def _costs(names: Sequence[str], costs: Mapping[str, Cost]) -> Row:
    found = [costs.get(name) for name in names]
    return (
        ", ".join("?" if it is None else f"+{it.bytes:,.1f}" for it in found),
        ", ".join("?" if it is None else f"+{it.microseconds:,.1f}" for it in found),
    )


def fields_of(catalogue: PublishedCatalogue) -> list[Row]:
    """Return the fields of events under ``FIELDS_HEAD``."""
    when = "the instant of the event, in the policy's zone, or the customer's own with `zone_trait`"
    return [
        (it.name, f"{it.type} or missing" if it.paths else it.type, ", ".join(it.paths) or when)
        for it in catalogue.fields
    ]


def measures_of(catalogue: PublishedCatalogue, costs: Costs | None = None) -> list[Row]:
    """Return the measures of the policy under ``MEASURES_HEAD``, with ``costs`` also under ``COSTS_HEAD``."""
    rows: list[Row] = [
        (it.name, it.description, it.value, "yes" if it.in_profiles else "") for it in catalogue.measures
    ]
    return rows if costs is None else [(*row, *_costs(row[:1], costs.measures)) for row in rows]


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
