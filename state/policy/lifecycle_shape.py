"""The lifecycle as it is written: patience, loyalty and stages."""

from collections.abc import Container
from typing import Annotated, Any

from msgspec import Meta

from state.policy.section import Section
from state.policy.value_types import Days, DaysOrNone, Key, KeyOrNone, Multiple, Rating, Shape, Share, Text


class Rhythm(Section, frozen=True, tag="rhythm", tag_field="method"):
    """Patience from the customer's own mean gap between orders: ``multiple`` gaps, within bounds (days)."""

    multiple: Annotated[float, Meta(gt=0, le=1000)] = 2.0
    churn_multiple: Multiple = 2.0
    min_days: Days = 14.0
    max_days: Days = 120.0


class Fixed(Section, frozen=True, tag="fixed", tag_field="method"):
    """The same patience for everybody (days)."""

    days: Days = 60.0
    churn_days: Days = 180.0


class PAlive(Section, frozen=True, tag="p_alive", tag_field="method"):
    """Patience until the chance that the customer is still active falls to a limit (BG/NBD).

    Between at risk and churned lie at least ``min_at_risk_days``.
    """

    limit: Share
    churn_limit: Share
    r: Shape
    alpha: Shape
    a: Shape
    b: Shape
    unit_days: Days = 7.0
    min_days: Days = 14.0
    max_days: Days = 365.0
    min_at_risk_days: Days = 7.0


Patience = Rhythm | Fixed | PAlive


class SupportRules(Section, frozen=True):
    """What a bad support experience does: patience is multiplied by ``shorten_to``."""

    shorten_to: Annotated[float, Meta(gt=0, le=1)] = 0.5
    bad_rating: Rating = 2.0
    rating_counts_days: Days = 30.0
    open_days: Days = 3.0


class Loyal(Section, frozen=True):
    """When a customer becomes loyal, and when no longer. An empty ``leave`` means: not ``enter``.

    The default of ``leave`` belongs to that of ``enter``: beside another ``enter`` it is empty.
    """

    enter: Text = "orders_365d >= 6"
    leave: str = "orders_365d < 4"
    min_stay_days: DaysOrNone = 30.0

    @staticmethod
    def implied(given: Container[str]) -> dict[str, Any]:
        """Return no condition for leaving if only one for entering is given."""
        return {"leave": ""} if "enter" in given else {}


class Stage(Section, frozen=True):
    """A stage of the lifecycle: who is in it, and what the steps into it and out of it are called.

    An empty ``enter`` is met by everybody, an empty ``leave`` means: not ``enter``. Without ``entered`` and ``left``,
    the steps are called ``KEY`` and ``left_KEY``.
    """

    key: Key
    enter: str = ""
    leave: str = ""
    entered: KeyOrNone = ""
    left: KeyOrNone = ""


STAGES = (
    Stage("churned", 'silence == "churned"', left="won_back"),
    Stage("at_risk", 'silence == "at_risk"', left="recovered"),
    Stage("loyal", "occasions >= 2 and loyal", entered="became_loyal", left="loyalty_lapsed"),
    Stage("new", "occasions >= 1 and occasions < 2", entered="acquired", left="repeated"),
    Stage("repeat", "occasions >= 2 and not loyal", entered="repeated"),
    Stage("prospect", "orders < 1"),
)
"""The stages of a policy that names none."""


class Lifecycle(Section, frozen=True):
    """The silences after which customers are at risk and churned, who is loyal, and the stages if they are others.

    Orders within ``occasion_days`` of the first of them are one purchase occasion; at 0, each is one of its own.
    """

    occasion_days: Annotated[float, Meta(ge=0, le=365)] = 1.0
    one_time_patience_days: Days = 60.0
    one_time_churn_days: Days = 180.0
    patience: Patience = Rhythm()
    support: SupportRules | None = None
    loyal: Loyal = Loyal()
    stages: tuple[Stage, ...] = ()

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        """The stages in their order, those that ship if none are named."""
        return self.stages or STAGES
