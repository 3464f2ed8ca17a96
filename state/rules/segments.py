"""SegmentRules: who joins and leaves by the segment rules, all of them or those that an event can have touched."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.change import Cause, Change
from state.conditions.rule_set import Answers, RuleSet
from state.customer.customer import Customer
from state.policy.compiled import CompiledSegment
from state.rules.membership import Rule

Ruled = tuple[CompiledSegment, Rule]
Explained = tuple[Change, str]
"""A change, and the values that crossed their limits."""


def ruled(segments: Sequence[CompiledSegment]) -> list[Ruled]:
    """Each segment with its rule of membership."""
    return [(it, Rule(it.enter, it.leave, it.min_stay_ms)) for it in segments]


class Decided(NamedTuple):
    """Who joined and left, when the next one does by itself, and whether one waits for the end of a minimum stay."""

    changes: Sequence[Explained]
    next_change: int | None
    waits: bool


NOTHING = Decided((), None, False)


class SegmentRules:
    """Some segments of a policy, decided together: what several of their conditions read is read once."""

    def __init__(self, segments: Sequence[Ruled]) -> None:
        self._segments = segments
        self._outlook = RuleSet([(segment.key, rule.enter, rule.leave) for segment, rule in segments])
        self._touched: dict[int, SegmentRules] = {}

    def __len__(self) -> int:
        return len(self._segments)

    def touched_by(self, aspects: int) -> "SegmentRules":
        """Those whose conditions read one of these aspects of a customer."""
        touched = self._touched.get(aspects)
        if touched is None:
            touched = self._touched[aspects] = SegmentRules(
                [it for it in self._segments if (it[1].enter.parts | it[1].leave.parts) & aspects]
            )
        return touched

    def decide(self, customer: Customer, at: int, until: int, cause: Callable[[], Cause]) -> Decided:
        """Let the customer join and leave at an instant, and look ahead to ``until``."""
        memberships = customer.memberships
        now, later = self._outlook.now_and_later(customer, at, until, memberships)
        if True not in now and True not in later:
            return NOTHING
        changes: Sequence[Explained] = ()
        if True in now:
            changes, now = self._change(customer, at, now, cause())
            if changes:
                later = self._outlook.later(customer, at, until, memberships)
        return Decided(changes, self._next_change(customer, at, until, now, later), True in now)

    def are_restless(self, customer: Customer) -> bool:
        """Whether one of them could change by itself, sooner or later."""
        memberships = customer.memberships
        return any(rule.is_restless(memberships.get(segment.key)) for segment, rule in self._segments)

    def _change(self, customer: Customer, at: int, now: Answers, cause: Cause) -> tuple[list[Explained], Answers]:
        # Who changes sides may not change back at once: ``enter`` never holds while ``leave`` does.
        memberships = customer.memberships
        changes: list[Explained] = []
        waiting = list(now)
        for row, (segment, rule) in enumerate(self._segments):
            entered = memberships.get(segment.key)
            if not now[row] or (entered is not None and at < entered + rule.stay):
                continue
            waiting[row] = False
            if entered is None:
                why = rule.enter.why(customer, at)
                memberships[segment.key] = at
                changes.append((Change(at, segment.key, segment.name, "out", "in", cause), why))
            else:
                why = rule.leave.why(customer, at)
                del memberships[segment.key]
                changes.append((Change(at, segment.key, segment.name, "in", "out", cause), why))
        return changes, tuple(waiting)

    def _next_change(self, customer: Customer, at: int, until: int, waiting: Answers, later: Answers) -> int | None:
        first: int | None = None
        memberships = customer.memberships
        for row, (segment, rule) in enumerate(self._segments):
            if waiting[row] or later[row]:
                change = rule.next_change(customer, at, memberships.get(segment.key), waiting[row], until)
                if change is not None:
                    first = until = change
        return first
