"""The groupings of customers: a policy's ladders and then its segments, which may ask for the steps of ladders."""

from collections.abc import Callable

from schemas.change import Cause
from state.customer.customer import Customer
from state.customer.parts import ALL_PARTS, STEPS
from state.policy.compiled import CompiledPolicy
from state.rules.decision import Outcome, ReasonedChange
from state.rules.ladder import NO_SUCH_LADDER, Ladder, left
from state.rules.segments import segment_rules

LADDER = Cause(kind="deadline", name="ladder")
SEGMENT = Cause(kind="deadline", name="audience")  # the word that is published


class Groupings:
    """The ladders and segments of a policy, decided in its order."""

    def __init__(self, compiled: CompiledPolicy) -> None:
        self._ladders = [Ladder(it) for it in compiled.ladders]
        self._segments = segment_rules(compiled.segments)
        parts = 0
        for ladder in self._ladders:
            parts |= ladder.parts
        self._ladder_parts = parts
        self._keys = frozenset(it.key for it in compiled.segments)

    def affected(self, parts: int) -> bool:
        """Tell whether a change of these parts of a customer may change anything here."""
        return bool(parts & self._ladder_parts) or bool(self._segments.touched_by(parts))

    def decide(self, customer: Customer, at: int, parts: int, until: int, cause: Callable[[], Cause] | None) -> Outcome:
        """Set the steps and memberships that the change of ``parts`` affects, and look ahead to ``until``.

        Without a ``cause``, time alone changes them.
        """
        changes: list[ReasonedChange] = []
        next_change: int | None = None
        waits = False
        if parts & self._ladder_parts or parts == ALL_PARTS:
            for ladder in self._ladders:
                if parts & ladder.parts or parts == ALL_PARTS:
                    outcome = ladder.decide(customer, at, until, cause or _ladder_deadline)
                    if outcome.next_change is not None:
                        next_change = until = outcome.next_change
                    waits |= outcome.waits
                    if outcome.changes:
                        changes += outcome.changes
                        parts |= STEPS
        segments = self._segments if parts == ALL_PARTS else self._segments.touched_by(parts)
        outcome = segments.decide(customer, at, until, cause or _segment_deadline)
        if not changes and next_change is None and not waits:
            return outcome
        if outcome.next_change is not None:
            next_change = outcome.next_change
        return Outcome([*changes, *outcome.changes], next_change, waits or outcome.waits)

    def can_change(self, customer: Customer) -> bool:
        """Tell whether a step or a membership can ever change by itself."""
        return any([it.can_change(customer) for it in self._ladders]) or self._segments.can_change(customer)

    def adopt(self, customer: Customer, at: int, cause: Cause) -> list[ReasonedChange]:
        """Put the customer under this policy: they leave the ladders, steps and segments that it does not have."""
        keys = {it.key for it in self._ladders}
        gone = [key for key in customer.steps if key not in keys]
        changes = [left(customer, key, at, cause, NO_SUCH_LADDER, key) for key in gone]
        for ladder in self._ladders:
            if (change := ladder.adopt(customer, at, cause)) is not None:
                changes.append(change)
        return [*changes, *self._segments.adopt(customer, at, cause)]


def _ladder_deadline() -> Cause:
    return LADDER


def _segment_deadline() -> Cause:
    return SEGMENT
