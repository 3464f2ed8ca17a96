"""Signals: what occurs once, by an event that completes a sequence, or by the time in which none came."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from schemas.change import SIGNAL_OCCURRED, Cause, Change
from schemas.events import AnyFact, OrderCompleted, Trait, event_name
from schemas.instant import to_text
from state.civil_time import CivilTime
from state.conditions.event_filters import MOMENT
from state.customer.apply_event import OrderEffect
from state.customer.customer import Customer
from state.customer.open_signals import MAX_OPEN, OpenSignal, Signals, with_occasions
from state.customer.own_zone import OwnZone
from state.policy.compiled_signals import CompiledSignal
from state.rules.decision import ReasonedChange
from state.rules.occasions import Followed, after_event, after_time, end_of

SIGNAL = Cause(kind="deadline", name="signal")


class SignalRules:
    """The signals of a policy at work, which has ``declared`` fields of events."""

    def __init__(self, signals: Sequence[CompiledSignal], civil: OwnZone[CivilTime], declared: Container[str]) -> None:
        self._signals = signals
        self._civil = civil
        read = frozenset[str]().union(*(fields for it in signals for _, fields in it.properties))
        self._moment = [name for name in MOMENT if name in read and name not in declared]
        names = frozenset(name for it in signals for name in it.events)
        self._by_event = {name: [it for it in signals if name in it.events] for name in names}

    def at_event(
        self, customer: Customer, fact: AnyFact, effect: OrderEffect, cause: Callable[[], Cause]
    ) -> list[ReasonedChange]:
        """Take an event, after it was decided; return the signals that it completes, in the order of the policy."""
        changes: list[ReasonedChange] = []
        name = event_name(fact)
        # An order that is sent again is no further event.
        if isinstance(fact, OrderCompleted) and effect is not OrderEffect.ORDERED:
            return changes
        signals = self._by_event.get(name)
        if signals is None:
            return changes
        said = self._said(customer, fact)
        for signal in signals:
            open_ = customer.signals.get(signal.number, {})
            followed = after_event(signal, open_, name, fact.at, said)
            changes += self._told(customer, signal, followed, fact.at, cause)
        return changes

    def at_deadline(self, customer: Customer, at: int, cause: Cause = SIGNAL) -> list[ReasonedChange]:
        """Let time pass until ``at``; return the signals that it completes, in the order of the policy."""
        changes: list[ReasonedChange] = []
        for signal in self._signals:
            if open_ := customer.signals.get(signal.number):
                changes += self._told(customer, signal, after_time(signal, open_, at), at, lambda: cause)
        return changes

    def is_bound(self, customer: Customer, fact: AnyFact) -> bool:
        """Tell whether an event that is about to be applied ends an occasion, since too many are open."""
        name = event_name(fact)
        for signal in self._by_event.get(name, ()):
            open_ = customer.signals.get(signal.number, {})
            if len(open_) >= MAX_OPEN:
                left = after_time(signal, open_, fact.at).open
                if after_event(signal, left, name, fact.at, self._said(customer, fact)).is_bound:
                    return True
        return False

    def due(self, customer: Customer) -> int | None:
        """Return the instant at which the first open occasion ends, if there is one."""
        ends = (
            end_of(signal, it) for signal in self._signals for it in customer.signals.get(signal.number, {}).values()
        )
        return min(ends, default=None)

    def kept(self, signals: Signals) -> Signals:
        """Return the open signals without those that the policy does not have."""
        numbers = {it.number for it in self._signals}
        return {number: it for number, it in signals.items() if number in numbers}

    def _said(self, customer: Customer, fact: AnyFact) -> Mapping[str, Trait]:
        """Return what an event said, with the hour and the weekday of its instant where no field has their names."""
        if not self._moment:
            return fact.properties or {}
        moment = self._civil.of(customer).moment(fact.at)
        return {**(fact.properties or {}), **{name: moment[name] for name in self._moment}}

    def _told(
        self, customer: Customer, signal: CompiledSignal, followed: Followed, at: int, cause: Callable[[], Cause]
    ) -> Iterator[ReasonedChange]:
        if followed.open is not customer.signals.get(signal.number):
            customer.signals = with_occasions(customer.signals, signal.number, followed.open)
        for value, occasion in followed.complete:
            if signal.condition is None or signal.condition.holds(customer, at):
                change = Change(at=at, key=signal.key, name=signal.name, from_=value, to=SIGNAL_OCCURRED, cause=cause())
                yield ReasonedChange(change, _why(signal, customer, occasion, at), occasion.done)


def _why(signal: CompiledSignal, customer: Customer, occasion: OpenSignal, at: int) -> str:
    parts = []
    for step, done in zip(signal.steps, occasion.done, strict=True):
        times = f"{step.times} x " if step.times > 1 else ""
        parts.append(f"{times}{step.names[0]} at {to_text(done)}")
    if signal.unless is not None:
        parts.append(f"no {', '.join(signal.unless.names)} ({signal.unless.words})")
    if signal.condition is not None:
        parts.append(signal.condition.why(customer, at))
    return "; ".join(parts)
