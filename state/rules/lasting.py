"""Conditions that must last: what follows from one once it has held for some time without a break.

Since when it has held is remembered by a key, and begins and ends at exact instants. Each of them is a deadline, so the
result does not depend on how often it is decided.
"""

from collections.abc import Callable
from typing import NamedTuple

from state.conditions.condition import Condition
from state.customer.customer import Customer
from state.policy.duration import Duration
from state.rules.time_passed import time_passed

NextAllowed = Callable[[int], int]
"""Returns the first instant from the given one on at which something may follow at all."""


def at_once(start: int) -> int:
    """Allow every instant."""
    return start


class LastingCondition(NamedTuple):
    """A condition that must hold for ``lasting`` without a break; nothing is remembered of it if that is 0."""

    key: str
    condition: Condition
    lasting: Duration

    def counts(self, customer: Customer, at: int, holds: bool, next_allowed: NextAllowed) -> bool:
        """Remember whether it holds at ``at``, and tell whether it has held for long enough at an allowed instant."""
        if not self.lasting.ms:
            return holds and next_allowed(at) == at
        if not holds:
            customer.held.pop(self.key, None)
            return False
        return self.complete_at(customer, at, next_allowed) == at

    def complete_at(self, customer: Customer, at: int, next_allowed: NextAllowed) -> int:
        """Return the first instant from ``at`` on at which it counts if it holds at ``at`` and from then on."""
        since = customer.held.setdefault(self.key, at) if self.lasting.ms else at
        return next_allowed(max(since + self.lasting.ms, at))

    def next_change(self, customer: Customer, at: int, until: int, next_allowed: NextAllowed) -> int | None:
        """Return the first instant after ``at``, up to ``until``, at which it counts, begins to last, or breaks off."""
        change = self.condition.next_change
        if not self.lasting.ms:
            return self._next_allowed_change(customer, at, until, next_allowed)
        if self.key not in customer.held:
            return self.condition.begins(customer, at, until)
        complete = self.complete_at(customer, at + 1, next_allowed)
        breaks = change.first(False, customer, at + 1, min(complete, until))
        return breaks if breaks is not None else complete if complete <= until else None

    def why_lasted(self, customer: Customer, at: int, name: str, key: str) -> str:
        """Return for how long it has held, as a part of a reason, called ``name`` there and ``key`` in the policy."""
        return time_passed(name, at - customer.held[self.key], self.lasting, key)

    def _next_allowed_change(self, customer: Customer, at: int, until: int, next_allowed: NextAllowed) -> int | None:
        start: int | None = next_allowed(at + 1)
        while start is not None and start <= until:
            holds = self.condition.next_change.first(True, customer, start, until)
            if holds is None:
                return None
            start = next_allowed(holds)
            if start == holds:
                return holds
        return None
