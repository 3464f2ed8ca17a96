"""Retention in a policy: for how long customers are kept of whom nothing is heard."""

from typing import Annotated

from msgspec import Meta

from state.customer.customer import PROSPECT
from state.policy.section import Section

CHURNED = "churned"
DaysKept = Annotated[float, Meta(ge=1, le=36500)]


class Retention(Section, frozen=True):
    """After how many days without an event a prospect, and a churned customer, is forgotten; None: never."""

    forget_prospects_after_days: DaysKept | None = None
    forget_churned_after_days: DaysKept | None = None

    @property
    def by_stage(self) -> dict[str, float]:
        """The days by the key of the stage, of the stages that are forgotten."""
        given = {PROSPECT: self.forget_prospects_after_days, CHURNED: self.forget_churned_after_days}
        return {stage: days for stage, days in given.items() if days is not None}
