"""Signals: what occurs at an instant, by an event that completes a sequence, or since some time has passed."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from schemas.change import SIGNAL_OCCURRED, Cause, Change
from schemas.events import AnyFact, OrderCompleted, Trait, event_name
from schemas.instant import to_text
from state.civil_time import CivilTime
from state.conditions.event_filters import MOMENT
from state.customer.apply_event import OrderEffect
from state.customer.customer import Customer
from state.customer.open_signals import MAX_OPEN, OpenSignal, with_occasions
from state.customer.own_zone import OwnZone
from state.policy.compiled_signals import CompiledSignal
from state.rules.decision import ReasonedChange
from state.rules.occasions import Followed, after_event, after_time, end_of
from state.rules.recurring import next_occasion, occurs, why_recurring
from state.rules.time_passed import time_passed

SIGNAL = Cause(kind="deadline", name="signal")


class SignalRules:
    """The signals of a policy at work, which has ``declared`` fields of events."""

    def __init__(self, signals: Sequence[CompiledSignal], civil: OwnZone[CivilTime], declared: Container[str]) -> None:
        self._signals = signals
        self._civil = civil
        read = frozenset[str]().union(*(fields for it in signals for _, fields in it.properties))
        self._moment = [name for name in MOMENT if name in read and name not in declared]
        names = frozenset(name for it in signals for name in it.events)
        self._recurring = [it.recurrence for it in signals if it.recurrence is not None]
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

    def at_deadline(self, customer: Customer, first: int, at: int, cause: Cause = SIGNAL) -> list[ReasonedChange]:
        """Let time pass until ``at``; return the signals that it completes, in the order of the policy.

        Those that recur were told of the time before ``first``.
        """
        changes: list[ReasonedChange] = []
        for signal in self._signals:
            if signal.recurrence is not None:
                if occurs(signal.recurrence, customer, first, at) and _is_asked_for(signal, customer, at):
                    why = why_recurring(signal.recurrence, customer, at)
                    changes.append(_change(signal, customer, at, "", cause, [why]))
            elif open_ := customer.signals.get(signal.number):
                changes += self._told(customer, signal, after_time(signal, open_, at), at, lambda: cause)
        return changes

    def waits(self, customer: Customer) -> bool:
        """Tell whether one may occur by the passing of time."""
        return bool(customer.signals or self._recurring)

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

    def due(self, customer: Customer, at: int) -> int | None:
        """Return the first instant after ``at`` at which an open occasion ends, or one recurs; None if none does."""
        ends = [next_occasion(it, customer, at) for it in self._recurring]
        if customer.signals:
            open_ = customer.signals
            ends += [end_of(signal, it) for signal in self._signals for it in open_.get(signal.number, {}).values()]
        return min([it for it in ends if it is not None], default=None)

    def adopt(self, customer: Customer) -> None:
        """Put a customer under these signals: what they do not ask for is forgotten."""
        numbers = {it.number for it in self._signals}
        customer.signals = {number: it for number, it in customer.signals.items() if number in numbers}
        remembered = {it.key for it in self._signals if it.is_remembered}
        customer.signals_told = {key: at for key, at in customer.signals_told.items() if key in remembered}

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
            if _is_asked_for(signal, customer, at):
                reasons = _reasons(signal, occasion)
                yield _change(signal, customer, at, value, cause(), reasons, occasion.done)


def _is_asked_for(signal: CompiledSignal, customer: Customer, at: int) -> bool:
    """Tell whether a signal that is complete is told: it has been quiet for long enough, and its condition holds."""
    told = customer.signals_told.get(signal.key) if signal.quiet.ms else None
    if told is not None and at < told + signal.quiet.ms:
        return False
    return signal.condition is None or signal.condition.holds(customer, at)


def _change(
    signal: CompiledSignal,
    customer: Customer,
    at: int,
    about: str,
    cause: Cause,
    reasons: list[str],
    step_times: tuple[int, ...] = (),
) -> ReasonedChange:
    """Tell a signal, and remember that if it matters later."""
    if signal.condition is not None:
        reasons.append(signal.condition.why(customer, at))
    if signal.quiet.ms and (told := customer.signals_told.get(signal.key)) is not None:
        reasons.append(time_passed("days_since_told", at - told, signal.quiet, "quiet_days"))
    if signal.is_remembered:
        customer.signals_told = {**customer.signals_told, signal.key: at}
    change = Change(at=at, key=signal.key, name=signal.name, from_=about, to=SIGNAL_OCCURRED, cause=cause)
    return ReasonedChange(change, "; ".join(reasons), step_times)


def _reasons(signal: CompiledSignal, occasion: OpenSignal) -> list[str]:
    parts = []
    for step, done in zip(signal.steps, occasion.done, strict=True):
        times = f"{step.times} x " if step.times > 1 else ""
        parts.append(f"{times}{step.names[0]} at {to_text(done)}")
    if signal.unless is not None:
        parts.append(f"no {', '.join(signal.unless.names)} ({signal.unless.words})")
    return parts
