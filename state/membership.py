"""Membership: joining and leaving by separate limits, and staying a while, so that nobody flaps."""

from dataclasses import dataclass

from state.condition import Condition
from state.customer import Customer


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is out joins when ``enter`` holds; who is in leaves when ``leave`` holds, after at least ``stay`` ms.

    ``enter`` never holds while ``leave`` does, so what is decided does not depend on how often one looks.
    """

    enter: Condition
    leave: Condition
    stay: int

    def next_change(self, customer: Customer, at: int, entered: int | None, holds: bool) -> int | None:
        """The first instant after ``at`` at which membership changes by itself, None for never.

        ``entered`` is when the customer joined (None: is out); ``holds`` whether the condition that would change it
        holds at ``at``.
        """
        if entered is None:
            return self.enter.begins(customer, at)
        free = entered + self.stay
        begins = free if holds else self.leave.begins(customer, at)
        if begins is None or begins > free:
            return begins
        return free if self.leave.holds(customer, free) else self.leave.begins(customer, free)
