"""The membership rule: separate limits for joining and leaving, and a minimum stay, so that no customer flaps."""

from dataclasses import dataclass
from fractions import Fraction

from state.conditions.condition import Condition
from state.conditions.printed import Side, compared, written
from state.customer.customer import Customer
from state.policy.duration import Duration


@dataclass(frozen=True, slots=True)
class MembershipRule:
    """A customer joins when ``enter`` holds, and leaves when ``leave`` holds after at least ``stay``.

    ``enter`` never holds while ``leave`` does, so what is decided does not depend on how often it is decided.
    """

    enter: Condition
    leave: Condition
    stay: Duration

    def next_change(self, customer: Customer, at: int, entered: int | None, holds: bool, until: int) -> int | None:
        """Return the first instant after ``at``, up to ``until``, at which membership changes by itself, or None.

        ``entered`` is when the customer joined, None for one who is not a member. ``holds`` tells whether the condition
        that would change the membership holds at ``at``.
        """
        if entered is None:
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
        stay = self.stay
        if not stay.ms:
            return why
        stayed, least = Fraction(at - entered, stay.unit_ms), Fraction(stay.ms, stay.unit_ms)
        passed = compared(Side("days_since_joining", stayed), ">=", Side("", least))
        return f"{why}; {passed} (min_stay_days {written(stay.number)})"
