"""The membership rule: separate limits for joining and leaving, and times to wait, so that no customer flaps."""

from dataclasses import dataclass

from state.conditions.condition import Condition
from state.customer.customer import Customer
from state.policy.duration import NO_TIME, Duration
from state.rules.lasting import LastingCondition, NextAllowed, at_once
from state.rules.time_passed import time_passed


@dataclass(frozen=True, slots=True)
class MembershipRule:
    """A customer joins when ``enter`` holds, and leaves when ``leave`` holds after at least ``stay``.

    ``enter`` never holds while ``leave`` does, so what is decided does not depend on how often it is decided.
    ``joining`` is ``enter`` where that it holds is not enough, otherwise None: it must last before they join, or they
    join again only after so many ``quiet`` days since they joined last. For the latter, the stays must be remembered.
    """

    enter: Condition
    leave: Condition
    stay: Duration
    quiet: Duration = NO_TIME
    joining: LastingCondition | None = None

    def next_change(self, customer: Customer, at: int, entered: int | None, holds: bool, until: int) -> int | None:
        """Return the first instant after ``at``, up to ``until``, at which membership changes by itself, or None.

        ``entered`` is when the customer joined, None for one who is not a member. ``holds`` tells whether the condition
        that would change the membership holds at ``at``. That it begins to be confirmed, or breaks off, counts as well.
        """
        if entered is None:
            if self.joining is not None:
                return self.joining.next_change(customer, at, until, self._free_to_join(customer))
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

    def joins(self, customer: Customer, at: int, holds: bool) -> bool:
        """Tell whether who is no member joins, given whether ``enter`` ``holds``; remember since when it has."""
        if self.joining is None:
            return holds
        return self.joining.counts(customer, at, holds, self._free_to_join(customer))

    def why_joined(self, customer: Customer, at: int) -> str:
        """Return why a customer joins: what holds, for how long, and that the quiet days have passed."""
        why = self.enter.why(customer, at)
        if self.joining is None:
            return why
        if self.joining.lasting.ms:
            why += f"; {self.joining.why_lasted(customer, at, 'hours_held', 'confirm_hours')}"
        if (entered := self._last_entered(customer)) is not None:
            why += f"; {time_passed('days_since_entered', at - entered, self.quiet, 'quiet_days')}"
        return why

    def why_left(self, customer: Customer, at: int, entered: int) -> str:
        """Return why a member leaves: what holds, and that the minimum stay has passed, if there is one."""
        why = self.leave.why(customer, at)
        if not self.stay.ms:
            return why
        return f"{why}; {time_passed('days_since_joining', at - entered, self.stay, 'min_stay_days')}"

    def _free_to_join(self, customer: Customer) -> NextAllowed:
        entered = self._last_entered(customer)
        if entered is None:
            return at_once
        again = entered + self.quiet.ms
        return lambda start: max(start, again)

    def _last_entered(self, customer: Customer) -> int | None:
        """Return when who is no member joined last, None if they never did, or may join again at once."""
        if self.joining is None or not self.quiet.ms:
            return None
        past = customer.past_memberships.get(self.joining.key)
        return None if past is None else past.entered
