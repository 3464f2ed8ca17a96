"""A policy ready for use: checked, its conditions compiled, its durations in milliseconds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

import msgspec

from schemas.bounds import Named
from schemas.event_fields import Field, fields_under, is_around, property_field
from schemas.event_names import event_key
from schemas.event_types import EVENT_TYPES
from schemas.events import OrderCompleted, OrderUpdated
from schemas.trait_types import TYPES
from state.conditions.catalogue import Catalogue
from state.conditions.condition import Condition
from state.conditions.event_filters import MOMENT, kinds_of_fields
from state.conditions.nodes import traits_of
from state.customer.counted_events import CountedEvents
from state.customer.parts import DECIDED
from state.customer.tallies import REVENUE, TallyOf
from state.policy.checks import check_values
from state.policy.compiled_ladder import CompiledLadder
from state.policy.compiled_measures import CompiledMeasure, profile_measures, usable_measures
from state.policy.compiled_signals import CompiledSignal, SignalCompiler
from state.policy.compiled_stages import CompiledStage, compiled_stages
from state.policy.duration import Duration, in_days, in_hours
from state.policy.lifecycle_shape import Lifecycle
from state.policy.looked_for import categories_in, listed_in
from state.policy.policy_conditions import LOYALTY, PolicyConditions
from state.policy.shape import Policy
from state.policy.tallied import fields_tallied, tallied_for
from state.policy.text import PolicyError, PolicyText, Problem
from state.policy.warnings import warnings_of


@dataclass(frozen=True, slots=True)
class CompiledSegment:
    """A segment's conditions. ``enter`` never holds while ``leave`` does."""

    key: str
    name: str
    enter: Condition
    leave: Condition
    stay: Duration
    confirm: Duration
    quiet: Duration


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy, its version, its conditions, its durations in ms, and ``warnings`` of what is odd about it."""

    policy: Policy
    version: str
    catalogue: Catalogue
    loyal_enter: Condition
    loyal_leave: Condition
    loyal_stay: Duration
    stages: tuple[CompiledStage, ...]
    ladders: tuple[CompiledLadder, ...]
    segments: tuple[CompiledSegment, ...]
    excluded: Condition | None
    lifecycles: tuple[tuple[Condition, Lifecycle], ...]
    measures: tuple[CompiledMeasure, ...]
    day_ms: int
    lateness_ms: int
    session_ms: int
    occasion_ms: int
    warnings: tuple[Problem, ...]
    signals: tuple[CompiledSignal, ...] = ()

    @property
    def conditions(self) -> Iterator[Condition]:
        """All conditions: who does not count, kinds, loyalty, stages that it names, ladders, segments and signals."""
        if self.excluded is not None:
            yield self.excluded
        yield from (applies_to for applies_to, _ in self.lifecycles)
        yield from (self.loyal_enter, self.loyal_leave)
        if self.policy.lifecycle.stages:
            yield from (condition for stage in self.stages for condition in stage.conditions)
        for ladder in self.ladders:
            yield from ladder.conditions
        for segment in self.segments:
            yield from (segment.enter, segment.leave)
        yield from (it.condition for it in self.signals if it.condition is not None)

    @property
    def stage_conditions(self) -> Iterator[Condition]:
        """All conditions that decide the stage, the shipped stages' among them, and those of loyalty and of kinds."""
        if self.excluded is not None:
            yield self.excluded
        yield from (applies_to for applies_to, _ in self.lifecycles)
        yield from (self.loyal_enter, self.loyal_leave)
        yield from (condition for stage in self.stages for condition in stage.conditions)

    @property
    def stage_parts(self) -> int:
        """The parts of a customer that these conditions read, besides silence and loyalty."""
        return reduce(or_, (it.parts for it in self.stage_conditions)) & ~DECIDED

    @property
    def window_days(self) -> int:
        """The days of the longest window that the profile shows or a condition asks for."""
        return max(it.window or 0 for it in self.catalogue.features.values())

    @property
    def remembered_stages(self) -> frozenset[str]:
        """The stages whose past stays a condition asks about."""
        asked = self.catalogue.features.values()
        return frozenset(it.history_of for it in asked if it.history_of and not (it.segment or it.ladder))

    @property
    def remembered_segments(self) -> frozenset[str]:
        """The segments whose past stays a condition asks about, or that are not joined again for some days."""
        asked = frozenset(it.history_of for it in self.catalogue.features.values() if it.history_of and it.segment)
        return asked.union(it.key for it in self.segments if it.quiet.ms)

    @property
    def remembered_steps(self) -> frozenset[str]:
        """The steps, as ``ladder:step``, on which past stays a condition asks about."""
        return frozenset(it.history_of for it in self.catalogue.features.values() if it.history_of and it.ladder)

    @property
    def counted_events(self) -> dict[str, tuple[CountedEvents, ...]]:
        """The events that conditions count, by name."""
        counted: dict[str, dict[int, CountedEvents]] = {}
        for feature in self.catalogue.features.values():
            if (counts := feature.counts) is not None:
                of_event = counted.setdefault(counts.event, {})
                known = of_event.get(counts.key, CountedEvents(counts.key, accepts=counts.accepts, slots=counts.slots))
                longest = self.window_days if feature.window else max(known.window_days, counts.window_slots)
                of_event[counts.key] = known._replace(
                    window_days=longest,
                    numbers=tuple(sorted({*known.numbers, counts.number} - {""})),
                    greatest=tuple(sorted({*known.greatest, counts.greatest} - {""})),
                    distinct=tuple(sorted({*known.distinct, counts.distinct} - {""})),
                    ever=known.ever if feature.window or counts.slots else known.ever | {counts.distinct} - {""},
                )
        return {event: tuple(it.values()) for event, it in counted.items()}

    @property
    def tallied(self) -> tuple[TallyOf, ...]:
        """What conditions ask to be tallied, each with its longest window."""
        return tallied_for(self.catalogue.features.values())

    @property
    def timed_events(self) -> frozenset[str]:
        """The events of which a condition reads the hour or the weekday."""
        moment = MOMENT.keys() - self.policy.context
        every = (it.counts for it in self.catalogue.features.values() if it.counts is not None)
        return frozenset(it.event for it in every if moment & it.fields)

    @property
    def _fields(self) -> dict[str, dict[str, Field]]:
        """The fields that conditions read, by event."""
        moment = MOMENT.keys() - self.policy.context
        fields = fields_under(self.policy.context)
        looked_for = frozenset[str]().union(
            *(it.counts.texts for it in self.catalogue.features.values() if it.counts),
            *(it.texts for it in self.signals),
        )
        looked_for |= {it.value for it in self.tallied}
        read = fields_tallied(self.tallied, fields, looked_for)
        for feature in self.catalogue.features.values():
            if (counts := feature.counts) is not None and counts.fields:
                # An update says anew what an order is.
                for event in {counts.event, OrderUpdated.name if counts.event == OrderCompleted.name else counts.event}:
                    of_event = read.setdefault(event, {})
                    for name in counts.fields - moment:
                        field = of_event.get(name) or fields.get(name) or property_field(name)
                        is_added_up = field.is_added_up or name == counts.of_number
                        of_event[name] = field._replace(is_added_up=is_added_up, texts=looked_for)
        for signal in self.signals:
            for event, names in signal.properties:
                of_event = read.setdefault(event, {})
                for name in names - moment:
                    field = of_event.get(name) or fields.get(name) or property_field(name)
                    of_event[name] = field._replace(texts=looked_for)
        return {event: of_event for event, of_event in read.items() if of_event}

    @property
    def events(self) -> Iterator[str]:
        """The events that conditions count, and those that signals wait for, by name."""
        yield from self.counted_events
        for signal in self.signals:
            yield from signal.events

    @property
    def named(self) -> Named:
        """What the conditions name and [traits] declares, the trait ``kind`` included."""
        trees = [condition.tree for condition in self.conditions]
        measured = (it.traits for it in self.measures)
        fields = self._fields
        return Named(
            traits=frozenset({"kind"}.union(self.policy.trait_types, *map(traits_of, trees), *measured)),
            texts=frozenset(name for tree in trees for name in listed_in(tree)),
            categories=frozenset(name for tree in trees for name in categories_in(tree)),
            events={event_key(name): name for name in self.events if name not in EVENT_TYPES},
            properties=fields,
            around=frozenset(event for event, of_event in fields.items() if any(map(is_around, of_event.values()))),
            priced=frozenset(it.field for it in self.tallied if it.weight == REVENUE),
        )


def read_policy(text: str, make_catalogue: Callable[[Policy], Catalogue]) -> CompiledPolicy:
    """Return the policy of a TOML text. Raises ``PolicyError`` with everything that is wrong."""
    source = PolicyText(text)
    return compile_policy(source, source.policy(), make_catalogue)


def compile_policy(source: PolicyText, policy: Policy, make_catalogue: Callable[[Policy], Catalogue]) -> CompiledPolicy:
    """Return a policy ready for use, whose problems are at the lines of its source; raises as ``read_policy``."""
    check_values(policy, source)
    # A catalogue cannot be made with a time zone or a currency that does not exist.
    catalogue = make_catalogue(_with_defaults(policy) if source.problems else policy)
    usable, wrong = usable_measures(policy, catalogue, source)
    catalogue = replace(catalogue, measures=usable)
    conditions = PolicyConditions(source, catalogue, policy, wrong)
    day = policy.time.day_seconds * 1000
    excluded = conditions.of_traits(("customers", "excluded"), policy.customers.excluded)
    lifecycles = tuple(conditions.kinds())
    loyal = policy.lifecycle.loyal
    loyal_enter, loyal_leave = conditions.pair(("lifecycle", "loyal"), loyal.enter, loyal.leave, LOYALTY)
    stages = compiled_stages(policy.lifecycle, catalogue, conditions.stage)
    ladders = tuple(conditions.ladder(number) for number in range(len(policy.ladders)))
    segments = []
    for number, segment in enumerate(policy.segments):
        enter, leave = conditions.segment(number)
        stay, confirm = in_days(segment.min_stay_days, day), in_hours(segment.confirm_hours, day)
        quiet = in_days(segment.quiet_days, day)
        segments.append(CompiledSegment(segment.key, segment.name, enter, leave, stay, confirm, quiet))
    asked = [conditions.of_signal(number) for number in range(len(policy.signals))]
    # Conditions and measures come before signals, where these spell the name of an event in another way.
    measures = () if source.problems else profile_measures(policy, catalogue)
    names = {event_key(it.counts.event): it.counts.event for it in catalogue.features.values() if it.counts}
    fields = kinds_of_fields({} if source.problems else policy.context)
    asked_about = frozenset(it.signal for it in catalogue.features.values())
    signals = tuple(SignalCompiler(source, names, day, fields, asked_about).compiled(policy.signals, asked))
    if source.problems:
        raise PolicyError(source.problems)
    warned = warnings_of(policy, conditions.by_key)
    return CompiledPolicy(
        policy=policy,
        version=policy.version,
        catalogue=catalogue,
        loyal_enter=loyal_enter,
        loyal_leave=loyal_leave,
        loyal_stay=in_days(loyal.min_stay_days, day),
        stages=stages,
        ladders=ladders,
        segments=tuple(segments),
        excluded=excluded,
        lifecycles=lifecycles,
        measures=measures,
        day_ms=day,
        lateness_ms=round(policy.time.lateness_minutes * 60_000),
        session_ms=round(policy.browsing.session_minutes * 60_000),
        occasion_ms=int(policy.lifecycle.occasion_days * day),
        warnings=tuple(sorted({Problem(source.line(path), *told) for path, *told in warned})),
        signals=signals,
    )


def _with_defaults(policy: Policy) -> Policy:
    plain = Policy(name=policy.name)
    traits = {name: kind for name, kind in policy.traits.items() if kind in TYPES}
    return msgspec.structs.replace(
        plain,
        traits=traits,
        context=policy.context,
        lifecycle=policy.lifecycle,
        rfm=policy.rfm,
        lifecycles=policy.lifecycles,
        ladders=policy.ladders,
        segments=policy.segments,
        signals=policy.signals,
        holdout=policy.holdout,
    )
