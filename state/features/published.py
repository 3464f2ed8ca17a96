"""The published catalogue: all that a condition may ask of a customer under a policy, described for people.

Nothing here is said of a feature by hand: events follow from the parts of a customer that it reads, and what time does
to it from its trend and its window.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from schemas.event_fields import FIELDS
from schemas.event_types import EVENT_TYPES
from state.conditions.catalogue import WINDOW, Catalogue
from state.conditions.event_filters import MOMENT, kinds_of_fields
from state.conditions.features import Feature, Trend
from state.conditions.functions import Function
from state.conditions.kind import Kind
from state.conditions.nodes import FeatureRef, Known
from state.conditions.one_line import on_one_line
from state.conditions.parse import parse_condition
from state.customer.engagement import COLUMN_PARTS, COLUMNS
from state.customer.event_parts import events_changing
from state.customer.parts import (
    DECIDED,
    LIFECYCLE_PARTS,
    NO_PARTS,
    ORDERS,
    SEGMENTS,
    SIGNALS,
    STEPS,
    SUPPORT,
    TRAITS,
    VISITS,
)
from state.features.catalogue import catalogue
from state.features.declaring import declaring
from state.features.published_shape import (
    PublishedCatalogue,
    PublishedFeature,
    PublishedField,
    PublishedFunction,
    PublishedMeasure,
    PublishedParameter,
    PublishedUndeclared,
)
from state.policy.compiled import CompiledPolicy

PART_NAMES = {
    ORDERS: "orders",
    VISITS: "browsing",
    **{COLUMN_PARTS[column]: "browsing" if name == "sessions" else name for name, column in COLUMNS.items()},
    SUPPORT: "support",
    TRAITS: "traits",
    DECIDED: "lifecycle",
    STEPS: "ladders",
    SEGMENTS: "segments",
    SIGNALS: "signals",
}
"""What people are told of the parts of a customer."""
ANY = "any event"
_TRAIT = "traits."
_UNDECLARED = (Kind.TEXT, Kind.NUMBER, Kind.FLAG)
_TIMES = {
    Trend.CONSTANT: "no",
    Trend.RISING: "rises continuously",
    Trend.COUNTING_DOWN: "falls continuously",
}
_WAYS = {Trend.FALLING: "falls", Trend.RISING: "rises"}
_EXAMPLE_TRAIT = re.compile(r"traits\.(\w+)")


def published(compiled: CompiledPolicy) -> PublishedCatalogue:
    """Return the catalogue under a policy."""
    return _Publisher(compiled).catalogue(list(_undeclared(compiled)))


def _undeclared(compiled: CompiledPolicy) -> Iterator[PublishedUndeclared]:
    for needs, policy in declaring(compiled.policy):
        declared = replace(compiled, policy=policy, catalogue=catalogue(policy))
        yield from (PublishedUndeclared(needs=needs, example=it) for it in _Publisher(declared).beyond(compiled))


class _Publisher:
    def __init__(self, compiled: CompiledPolicy) -> None:
        policy = compiled.policy
        self._policy = policy
        # What is asked of it here must not become a part of every profile.
        self._catalogue: Catalogue = replace(compiled.catalogue, features=dict(compiled.catalogue.features))
        self._read = sorted(frozenset[str]().union(*(it.names for it in compiled.conditions)))
        lifecycles = (policy.lifecycle, *(it for _, it in compiled.lifecycles))
        stage = LIFECYCLE_PARTS if any(it.support for it in lifecycles) else LIFECYCLE_PARTS & ~SUPPORT
        self._deciding_parts = stage | compiled.stage_parts
        names = frozenset[str]().union(*(it.names for it in compiled.stage_conditions))
        features = self._catalogue.features
        deciding = [features[it].counts for it in names if it in features]
        self._deciding_events = {it.event for it in deciding if it is not None}
        self._every = (*EVENT_TYPES, *compiled.named.events.values())
        low, high = policy.intake.rating_scale
        kept = {it.name for it in compiled.measures}
        self._measures = tuple(
            PublishedMeasure(
                name=it.name,
                value=on_one_line(it.value),
                description=it.description,
                in_profiles=it.name in kept,
            )
            for it in policy.measures
        )
        self._units = {"currency": policy.money.currency, "the policy's scale": f"{low:g} to {high:g}"}

    def beyond(self, other: CompiledPolicy) -> Iterator[PublishedFeature]:
        """Yield what may be asked, and not under another policy; a function is told of by its example."""
        for name, feature in self._catalogue.features.items():
            if name not in other.catalogue.features:
                yield self._feature(feature, name, [])
        for name, function in self._catalogue.functions.items():
            if name not in other.catalogue.functions:
                it = self._function(function)
                yield msgspec.structs.replace(it.example, meaning=it.meaning, values=())

    def catalogue(self, undeclared: Sequence[PublishedUndeclared]) -> PublishedCatalogue:
        """Return all that may be asked."""
        own = [it for name, it in self._catalogue.features.items() if "(" not in name and not WINDOW.search(name)]
        most = self._catalogue.max_window_days
        features = (*(self._feature(it, it.name, [it.name]) for it in own), self._traits())
        windowed = tuple(self._windowed(it) for it in self._catalogue.windowed(most))
        functions = tuple(self._function(it) for it in self._catalogue.functions.values())
        rows = (*features, *windowed, *(it.example for it in functions), *(it.example for it in undeclared))
        used = {part for row in rows for part in row.parts}
        return PublishedCatalogue(
            policy=self._policy.name,
            most_window_days=most,
            features=features,
            windowed=windowed,
            functions=functions,
            undeclared=tuple(undeclared),
            fields=tuple(self._fields()),
            measures=self._measures,
            parts={name: self._events(part) for part, name in [*PART_NAMES.items(), (NO_PARTS, ANY)] if name in used},
        )

    def _feature(self, feature: Feature, name: str, known_as: list[str]) -> PublishedFeature:
        parts = dict.fromkeys(name for part, name in PART_NAMES.items() if part & feature.parts)
        counted = () if feature.counts is None else (feature.counts.event,)
        return PublishedFeature(
            name=name,
            type=feature.kind.value,
            may_be_missing=feature.nullable,
            values=feature.allowed,
            unit=self._units.get(feature.unit, feature.unit),
            meaning=feature.meaning,
            parts=counted or tuple(parts) or (ANY,),
            events=counted or self._events(feature.parts),
            by_time_alone=_by_time_alone(feature),
            read_as=tuple(it for it in self._read if it in known_as),
        )

    def _windowed(self, feature: Feature) -> PublishedFeature:
        days = self._catalogue.max_window_days
        name = WINDOW.sub("", feature.name)
        row = self._feature(feature, f"{name}_Nd", [it for it in self._read if WINDOW.sub("", it) == name != it])
        read_as = tuple(sorted(row.read_as, key=_window_of))
        return msgspec.structs.replace(row, meaning=re.sub(rf"\b{days}\b", "N", row.meaning), read_as=read_as)

    def _traits(self) -> PublishedFeature:
        return PublishedFeature(
            name=f"{_TRAIT}NAME",
            type=", ".join(dict.fromkeys(it.value for it in (*_UNDECLARED, *self._catalogue.traits.values()))),
            may_be_missing=True,
            values=(),
            unit="",
            meaning="any trait by its name, from identify or the context of another event",
            parts=(PART_NAMES[TRAITS],),
            events=self._events(TRAITS),
            by_time_alone="when a tag expires" if self._catalogue.tags else _TIMES[Trend.CONSTANT],
            read_as=tuple(it for it in self._read if it.startswith(_TRAIT)),
        )

    def _function(self, function: Function) -> PublishedFunction:
        # A policy may declare the trait of the example as something else, or not at all.
        kinds = [it.kinds[0] for it in function.parameters if it.kinds]
        traits = dict(zip(_EXAMPLE_TRAIT.findall(function.example), kinds, strict=True)) if kinds else {}
        test = parse_condition(f"{function.example} is known", replace(self._catalogue, traits=traits))
        assert isinstance(test, Known) and isinstance(test.operand, FeatureRef)
        calls = [it for it in self._read if it.startswith(f"{function.name}(")]
        return PublishedFunction(
            name=function.name,
            meaning=function.meaning,
            parameters=tuple(
                PublishedParameter(
                    name=it.name,
                    takes=it.sort.value,
                    values=it.allowed,
                    is_needed=it.is_needed,
                    by_name=it.by_name,
                )
                for it in function.parameters
            ),
            example=self._feature(test.operand.feature, function.example, calls),
        )

    def _fields(self) -> Iterator[PublishedField]:
        declared = self._policy.context
        kinds = kinds_of_fields(declared)
        for name in (it for it in MOMENT if it not in declared):
            yield PublishedField(name=name, type=kinds[name].value, paths=())
        for name, paths in {**FIELDS, **declared}.items():
            kind = kinds[name].value if name in kinds else ", ".join(it.value for it in _UNDECLARED)
            yield PublishedField(name=name, type=kind, paths=paths)

    def _events(self, parts: int) -> tuple[str, ...]:
        counted: set[str] = set()
        if parts & DECIDED:
            parts, counted = parts | self._deciding_parts, self._deciding_events
        if parts == NO_PARTS or parts & (TRAITS | STEPS | SEGMENTS | SIGNALS):
            return self._every
        changing = counted.union(events_changing(parts))
        return tuple(it for it in self._every if it in changing)


def _window_of(name: str) -> int:
    found = WINDOW.search(name)
    return int(found[1]) if found else 0


def _by_time_alone(feature: Feature) -> str:
    if feature.window is not None or feature.changes_at is not None:
        way = "" if feature.turns_at is not None else _WAYS.get(feature.trend, "")
        return f"{way} {'within hours' if feature.counts and feature.counts.slots else 'at midnight'}".strip()
    if feature.parts & (DECIDED | STEPS | SEGMENTS) and feature.trend is Trend.CONSTANT:
        return "at a deadline"
    if feature.trend is Trend.FALLING:
        return "falls in steps" if feature.formula.is_whole else "falls continuously"
    while_ = f" while {feature.moves_while}" if feature.moves_while else ""
    return f"{_TIMES[feature.trend]}{while_}"
