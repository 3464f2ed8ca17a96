"""A ladder: on which of its steps a customer is, or on none, and when that changes by itself."""

from collections.abc import Callable, Container, Sequence
from functools import cached_property

from schemas.change import NO_STEP, Cause, Change, Direction
from state.conditions.rule_set import Answers, Rule, RuleSet
from state.customer.customer import Customer
from state.policy.compiled_ladder import CompiledLadder, CompiledStep, places
from state.rules.decision import NO_CHANGE, Outcome, ReasonedChange
from state.rules.lasting import LastingCondition, at_once
from state.rules.time_passed import time_passed

_NOBODY: frozenset[str] = frozenset()
LADDER = Cause(kind="deadline", name="ladder")
NO_SUCH_LADDER = "the policy has no such ladder"
NO_SUCH_STEP = "the policy has no such step"


class Ladder:
    """The rules of one ladder.

    A customer climbs to the first better step whose ``enter`` holds, or has held for long enough. If there is none
    and the step is left, they fall to the first step whose ``enter`` holds, or to none. ``enter`` of a step never
    holds while its ``leave`` does, so what is decided does not depend on how often it is decided. The past stays on
    the steps that are ``remembered``, by ``ladder:step``, are kept.
    """

    def __init__(self, ladder: CompiledLadder, remembered: Container[str]) -> None:
        self.key = ladder.key
        self.name = ladder.name
        self._remembered = remembered
        *on_steps, outside = [_Place(ladder, number, rules) for number, rules in enumerate(places(ladder))]
        self._places = {it.step.key: it for it in on_steps if it.step is not None}
        self._outside = outside
        self._confirmations = {
            it.key: LastingCondition(f"{ladder.key}:{it.key}", it.enter, it.confirm)
            for it in ladder.steps
            if it.confirm.ms
        }
        parts = 0
        for condition in ladder.conditions:
            parts |= condition.parts
        self.parts = parts
        """The parts of a customer that its conditions read."""

    def decide(self, customer: Customer, at: int, until: int, cause: Callable[[], Cause] | None) -> Outcome:
        """Set the customer's step as it is from ``at`` on, and look ahead to ``until``."""
        standing = customer.steps.get(self.key)
        place = self._outside if standing is None else self._places[standing[0]]
        answers = place.conditions.now_and_later(customer, at, until, _NOBODY)
        if answers is None and not customer.held:
            return NO_CHANGE
        now, later = answers or place.conditions.nothing
        change = self._change(customer, at, now, place, cause or _by_deadline)
        waits = True in now
        if change is not None:
            place = self._place_of(customer)
            waits = self._keep_confirmations(customer, place)
            later = place.conditions.later(customer, at, until, _NOBODY)
        next_change = self._next_change(customer, at, until, place, later, waits)
        return Outcome(() if change is None else (change,), next_change, waits)

    def can_change(self, customer: Customer) -> bool:
        """Tell whether the step can ever change by itself."""
        return self._place_of(customer).can_change

    def adopt(self, customer: Customer, at: int, cause: Cause) -> ReasonedChange | None:
        """Put the customer under this ladder: they leave a step that it does not have."""
        standing = customer.steps.get(self.key)
        place = self._outside if standing is None else self._places.get(standing[0])
        if place is None or place.step is None or not place.step.grace.ms:
            customer.held.pop(self.key, None)
        confirmed = {it.key for it in self._confirmations.values()}
        for key in [it for it in customer.held if it.startswith(f"{self.key}:") and it not in confirmed]:
            del customer.held[key]
        if place is not None:
            self._keep_confirmations(customer, place)
            return None
        return left(customer, self.key, at, cause, NO_SUCH_STEP, self.name)

    def end(self, customer: Customer, at: int, cause: Cause, why: str) -> ReasonedChange:
        """Take a customer off the ladder."""
        return left(customer, self.key, at, cause, why, self.name, self._remembered)

    def _place_of(self, customer: Customer) -> "_Place":
        standing = customer.steps.get(self.key)
        return self._outside if standing is None else self._places[standing[0]]

    def _change(
        self, customer: Customer, at: int, now: Answers, place: "_Place", cause: Callable[[], Cause]
    ) -> ReasonedChange | None:
        for better, holds in zip(place.better, now, strict=False):
            confirmation = self._confirmations.get(better.key)
            if holds if confirmation is None else confirmation.counts(customer, at, holds, at_once):
                reasons = better.enter.why_parts(customer, at)
                if confirmation is not None:
                    reasons.append(confirmation.why_lasted(customer, at, "hours_held", "confirm_hours"))
                return self._moved(customer, at, better, cause(), reasons, "climbed")
        entered = customer.steps[self.key][1] if place.step is not None else 0
        if place.step is None or not place.lasting.counts(customer, at, now[-1], lambda it: place.free(entered, it)):
            return None
        reasons = place.reasons_left(customer, at, entered)
        for worse in place.worse:
            if worse.enter.holds(customer, at):
                reasons += worse.enter.why_parts(customer, at)
                return self._moved(customer, at, worse, cause(), reasons, "fell")
        return self.end(customer, at, cause(), "; ".join(dict.fromkeys(reasons)))

    def _keep_confirmations(self, customer: Customer, place: "_Place") -> bool:
        """Forget since when the steps have been open that are not better; tell whether one of the better ones is."""
        better = {it.key for it in place.better}
        for step, confirmation in self._confirmations.items():
            if step not in better:
                customer.held.pop(confirmation.key, None)
        return any([it.key in customer.held for it in self._confirmations.values()])

    def _moved(
        self,
        customer: Customer,
        at: int,
        step: CompiledStep,
        cause: Cause,
        reasons: Sequence[str],
        direction: Direction,
    ) -> ReasonedChange:
        before = customer.move_to_step(self.key, step.key, at, self._remembered)
        customer.held.pop(self.key, None)
        change = Change(
            at=at,
            key=self.key,
            name=self.name,
            from_=before or NO_STEP,
            to=step.key,
            cause=cause,
            direction="entered" if before is None else direction,
        )
        return ReasonedChange(change, "; ".join(dict.fromkeys(reasons)))

    def _next_change(
        self, customer: Customer, at: int, until: int, place: "_Place", later: Answers, waits: bool
    ) -> int | None:
        first: int | None = None
        for better, may_hold in zip(place.better, later, strict=False):
            confirmation = self._confirmations.get(better.key)
            if confirmation is None:
                change = better.enter.begins(customer, at, until) if may_hold else None
            elif may_hold or confirmation.key in customer.held:
                change = confirmation.next_change(customer, at, until, at_once)
            else:
                continue
            if change is not None:
                first = until = change
        if place.step is not None and (waits or later[-1]):
            entered = customer.steps[self.key][1]
            change = place.lasting.next_change(customer, at, until, lambda it: place.free(entered, it))
            if change is not None:
                first = change
        return first


def _by_deadline() -> Cause:
    return LADDER


def left(
    customer: Customer, ladder: str, at: int, cause: Cause, why: str, name: str, remembered: Container[str] = ()
) -> ReasonedChange:
    """Take a customer off a ladder; the stay that ends is remembered if its ``ladder:step`` is one of these."""
    step = customer.move_to_step(ladder, None, at, remembered)
    customer.held.pop(ladder, None)
    change = Change(at=at, key=ladder, name=name, from_=step or NO_STEP, to=NO_STEP, cause=cause, direction="left")
    return ReasonedChange(change, why)


class _Place:
    """A step of a ladder, or, after the last one, none: what is asked of the customers who are there."""

    def __init__(self, ladder: CompiledLadder, number: int, rules: Sequence[Rule]) -> None:
        steps = ladder.steps
        self.step = steps[number] if number < len(steps) else None
        self.better = steps[:number]
        self.worse = steps[number + 1 :]
        self.conditions = RuleSet(rules)
        self.can_change = any([enter.may_begin for _, enter, _ in rules])
        self._ladder = ladder.key

    @cached_property
    def lasting(self) -> LastingCondition:
        """How the step is left."""
        assert self.step is not None
        return LastingCondition(self._ladder, self.step.leave, self.step.grace)

    def free(self, entered: int, start: int) -> int:
        """Return the first instant from ``start`` on at which a customer who ``entered`` the step may leave it."""
        assert self.step is not None
        start = max(start, entered + self.step.stay.ms)
        period = self.step.requalify.ms
        return entered + max(-(-(start - entered) // period), 1) * period if period else start

    def reasons_left(self, customer: Customer, at: int, entered: int) -> list[str]:
        """Return why a customer may leave: what holds, and which durations have passed."""
        step = self.step
        assert step is not None
        reasons = step.leave.why_parts(customer, at)
        if step.stay.ms:
            reasons.append(time_passed("days_on_step", at - entered, step.stay, "min_stay_days"))
        if step.grace.ms:
            reasons.append(self.lasting.why_lasted(customer, at, "days_held", "grace_days"))
        if step.requalify.ms:
            periods = (at - entered) // step.requalify.ms
            reasons.append(time_passed("days_on_step", at - entered, step.requalify, "requalify_days", periods))
        return reasons
