"""The outlook of a customer: what would change them, by the rules, and what will if nothing happens."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.change import Change
from state.conditions.criteria import Criteria, Criterion
from state.customer.customer import Customer
from state.policy.compiled_ladder import CompiledLadder, CompiledStep
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook


class NextChange(NamedTuple):
    """What changes next if nothing happens, when (ms since 1970), and why."""

    change: Change
    at: int
    why: str


class SegmentOutlook(NamedTuple):
    """A segment, whether the customer is in it, and what holds of its condition for leaving, otherwise for joining."""

    key: str
    member: bool
    conditions: list[Criterion]


class StepOutlook(NamedTuple):
    """The next better step, and what holds of its condition for entering."""

    step: str
    conditions: list[Criterion]


class LadderOutlook(NamedTuple):
    """A ladder, the step that the customer is on since an instant (ms since 1970), if any, and the next better one."""

    key: str
    step: str | None
    since: int | None
    next: StepOutlook | None


class Outlook(NamedTuple):
    """What would change a customer, as of an instant."""

    next: NextChange | None
    segments: list[SegmentOutlook]
    ladders: list[LadderOutlook]


class Outlooks:
    """The outlooks of customers under one policy."""

    def __init__(self, rules: Rulebook, ahead_days: int) -> None:
        self._rules = rules
        self._ahead_ms = ahead_days * rules.compiled.day_ms
        compiled = rules.compiled
        self._segments = {it.key: (Criteria(it.enter), Criteria(it.leave)) for it in compiled.segments}
        self._steps = {(ladder.key, it.key): Criteria(it.enter) for ladder in compiled.ladders for it in ladder.steps}

    def of(self, customer: Customer, at: int) -> Outlook:
        """Let time pass for a customer until ``at`` (ms since 1970), and return their outlook then.

        What changes next is looked for so many days ahead. The customer is changed, and of no other use afterwards.
        """
        self._rules.elapse(customer, at, [])
        at = max(at, customer.at)
        segments = [self._segment(key, customer, at) for key in self._segments]
        ladders = [self._ladder(it, customer, at) for it in self._rules.compiled.ladders]
        return Outlook(self._next(customer, at), segments, ladders)

    def _segment(self, key: str, customer: Customer, at: int) -> SegmentOutlook:
        joining, leaving = self._segments[key]
        member = key in customer.memberships
        return SegmentOutlook(key, member, (leaving if member else joining).of(customer, at))

    def _ladder(self, ladder: CompiledLadder, customer: Customer, at: int) -> LadderOutlook:
        step, since = customer.steps.get(ladder.key, (None, None))
        better = _next_better(ladder.steps, step)
        ahead = None if better is None else StepOutlook(better, self._steps[ladder.key, better].of(customer, at))
        return LadderOutlook(ladder.key, step, since, ahead)

    def _next(self, customer: Customer, at: int) -> NextChange | None:
        decisions: list[Decision] = []
        while not decisions and customer.due is not None and customer.due <= at + self._ahead_ms:
            self._rules.elapse(customer, customer.due, decisions)
        if not decisions:
            return None
        change, figures = decisions[0]
        return NextChange(change, change.at, figures.why)


def _next_better(steps: Sequence[CompiledStep], step: str | None) -> str | None:
    """Return the step above this one, of the steps best first; above none, that is the last."""
    keys = [it.key for it in steps]
    place = keys.index(step) if step in keys else len(keys)
    return keys[place - 1] if place else None
