"""Membership: joining and leaving by separate limits, and staying a while, so that nobody flaps."""

from dataclasses import dataclass

from state.conditions.condition import Condition
from state.customer.customer import Customer


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is out joins when ``enter`` holds; who is in leaves when ``leave`` holds, after at least ``stay`` ms.

    ``enter`` never holds while ``leave`` does, so what is decided does not depend on how often one looks.
    """

    enter: Condition
    leave: Condition
    stay: int

    def next_change(self, customer: Customer, at: int, entered: int | None, holds: bool, until: int) -> int | None:
        """The first instant after ``at``, up to ``until``, at which membership changes by itself; None for none.

        ``entered`` is when the customer joined (None: is out); ``holds`` whether the condition that would change it
        holds at ``at``.
        """
        if entered is None:
            return self.enter.begins(customer, at, until)
        free = entered + self.stay
        begins = free if holds else self.leave.begins(customer, at, until)
        if begins is None or begins > free:
            return begins
        if free > until:
            return None
        return free if self.leave.holds(customer, free) else self.leave.begins(customer, free, until)

    def is_restless(self, entered: int | None) -> bool:
        """Whether membership could change by itself, sooner or later."""
        return (self.enter if entered is None else self.leave).may_begin
