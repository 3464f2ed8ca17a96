"""The groupings of customers: a policy's ladders and then its segments, which may ask for the steps of ladders."""

from collections.abc import Callable, Sequence

from schemas.change import Cause
from state.customer.customer import Customer
from state.customer.parts import ALL_PARTS, STEPS
from state.policy.compiled import CompiledPolicy
from state.rules.decision import Outcome, ReasonedChange
from state.rules.ladder import NO_SUCH_LADDER, Ladder, left
from state.rules.segments import SegmentRules, segment_rules


def groupings_of(compiled: CompiledPolicy) -> "Groupings":
    """Return all groupings of a policy."""
    return Groupings([Ladder(it) for it in compiled.ladders], segment_rules(compiled.segments))


class Groupings:
    """Ladders and segments, decided in the order of the policy: all of them, or those that an event can affect."""

    def __init__(self, ladders: Sequence[Ladder], segments: SegmentRules, parts: int = ALL_PARTS) -> None:
        self._ladders = ladders
        self._segments = segments
        self._parts = parts
        self._touched: dict[int, Groupings | SegmentRules] = {}

    def __len__(self) -> int:
        return len(self._ladders) + len(self._segments)

    def touched_by(self, parts: int) -> "Groupings | SegmentRules":
        """Return the ladders and segments whose conditions read one of these parts of a customer."""
        touched = self._touched.get(parts)
        if touched is None:
            touched = self._touched[parts] = self._touched_by(parts)
        return touched

    def _touched_by(self, parts: int) -> "Groupings | SegmentRules":
        if parts == ALL_PARTS:
            return self if self._ladders else self._segments
        if not any([it.parts & parts for it in self._ladders]):
            return self._segments.touched_by(parts)
        return Groupings(self._ladders, self._segments, parts)

    def decide(self, customer: Customer, at: int, until: int, cause: Callable[[], Cause] | None) -> Outcome:
        """Set the customer's steps and memberships as they are from ``at`` on, and look ahead to ``until``.

        Without a ``cause``, time alone changes them.
        """
        changes: list[ReasonedChange] = []
        next_change: int | None = None
        waits = False
        parts = self._parts
        for ladder in self._ladders:
            if not parts & ladder.parts and parts != ALL_PARTS:
                continue
            outcome = ladder.decide(customer, at, until, cause)
            if outcome.next_change is not None:
                next_change = until = outcome.next_change
            waits |= outcome.waits
            if outcome.changes:
                changes += outcome.changes
                parts |= STEPS
        segments = self._segments if parts == ALL_PARTS else self._segments.touched_by(parts)
        outcome = segments.decide(customer, at, until, cause)
        if not changes and next_change is None and not waits:
            return outcome
        if outcome.next_change is not None:
            next_change = outcome.next_change
        return Outcome([*changes, *outcome.changes], next_change, waits or outcome.waits)

    def end(self, customer: Customer, at: int, cause: Cause, why: str) -> list[ReasonedChange]:
        """Take a customer off all ladders and out of all segments, in the policy's order."""
        customer.held.clear()
        on = [it for it in self._ladders if it.key in customer.steps]
        changes = [left(customer, it.key, at, cause, why, it.name) for it in on]
        return [*changes, *self._segments.end(customer, at, cause, why)]

    def can_change(self, customer: Customer) -> bool:
        """Tell whether a step or a membership can ever change by itself."""
        return any([it.can_change(customer) for it in self._ladders]) or self._segments.can_change(customer)

    def adopt(self, customer: Customer, at: int, cause: Cause) -> list[ReasonedChange]:
        """Put the customer under this policy: they leave the ladders, steps and segments that it does not have."""
        keys = {it.key for it in self._ladders}
        gone = [key for key in customer.steps if key not in keys]
        known = keys | self._segments.confirmed
        customer.held = {key: since for key, since in customer.held.items() if key.partition(":")[0] in known}
        changes = [left(customer, key, at, cause, NO_SUCH_LADDER, key) for key in gone]
        for ladder in self._ladders:
            if (change := ladder.adopt(customer, at, cause)) is not None:
                changes.append(change)
        return [*changes, *self._segments.adopt(customer, at, cause)]
