"""Stays: when and for how long a customer has been in one place, that is a stage, a segment or a step of a ladder."""

from typing import NamedTuple

from state.customer.customer import Customer
from state.customer.past_stays import PastStays


class Stays(NamedTuple):
    """The stays in a place: when the present one began, if there is one, and those that are over, if there are any."""

    since: int | None
    past: PastStays | None

    @property
    def entered(self) -> int | None:
        """The instant at which the place was last entered, None if it never was."""
        return self.since if self.since is not None or self.past is None else self.past.entered

    @property
    def left(self) -> int | None:
        """The instant at which the place was last left, None if it never was."""
        return None if self.past is None else self.past.left

    @property
    def times(self) -> int:
        """How often the place was entered."""
        return (self.since is not None) + (0 if self.past is None else self.past.times)

    def total_ms(self, at: int) -> int:
        """Return how long all stays lasted together until ``at``; nothing has changed until then."""
        present = 0 if self.since is None else at - self.since
        return present if self.past is None else present + self.past.total_ms


def in_stage(customer: Customer, stage: str) -> Stays:
    """Return the stays in a stage."""
    return Stays(customer.since if customer.stage == stage else None, customer.past_stays.get(stage))


def in_segment(customer: Customer, segment: str) -> Stays:
    """Return the stays in a segment."""
    return Stays(customer.memberships.get(segment), customer.past_memberships.get(segment))


def on_step(customer: Customer, ladder: str, step: str) -> Stays:
    """Return the stays on a step of a ladder."""
    on = customer.steps.get(ladder)
    since = on[1] if on is not None and on[0] == step else None
    return Stays(since, customer.past_steps.get(f"{ladder}:{step}"))
