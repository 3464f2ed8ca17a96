"""The membership rule: separate limits for joining and leaving, and times to wait, so that no customer flaps."""

from dataclasses import dataclass

from state.conditions.condition import Condition
from state.customer.customer import Customer
from state.policy.duration import Duration
from state.rules.lasting import LastingCondition, at_once
from state.rules.time_passed import time_passed


@dataclass(frozen=True, slots=True)
class MembershipRule:
    """A customer joins when ``enter`` holds, and leaves when ``leave`` holds after at least ``stay``.

    ``enter`` never holds while ``leave`` does, so what is decided does not depend on how often it is decided. A
    ``confirmation`` is ``enter`` where that must last for some time before they join, otherwise None.
    """

    enter: Condition
    leave: Condition
    stay: Duration
    confirmation: LastingCondition | None = None

    def next_change(self, customer: Customer, at: int, entered: int | None, holds: bool, until: int) -> int | None:
        """Return the first instant after ``at``, up to ``until``, at which membership changes by itself, or None.

        ``entered`` is when the customer joined, None for one who is not a member. ``holds`` tells whether the condition
        that would change the membership holds at ``at``. That it begins to be confirmed, or breaks off, counts as well.
        """
        if entered is None:
            if self.confirmation is not None:
                return self.confirmation.next_change(customer, at, until, at_once)
            return self.enter.begins(customer, at, until)
        free = entered + self.stay.ms
        begins = free if holds else self.leave.begins(customer, at, until)
        if begins is None or begins > free:
            return begins
        if free > until:
            return None
        return free if self.leave.holds(customer, free) else self.leave.begins(customer, free, until)

    def can_change(self, entered: int | None) -> bool:
        """Tell whether membership can ever change by itself."""
        return (self.enter if entered is None else self.leave).may_begin

    def why_left(self, customer: Customer, at: int, entered: int) -> str:
        """Return why a member leaves: what holds, and that the minimum stay has passed, if there is one."""
        why = self.leave.why(customer, at)
        if not self.stay.ms:
            return why
        return f"{why}; {time_passed('days_since_joining', at - entered, self.stay, 'min_stay_days')}"
