"""A customer: everything that is remembered of one, as of one instant."""

from collections.abc import Iterable

import msgspec

from schemas.events import (
    AnyFact,
    Browsed,
    Scalar,
    TicketOpened,
    TicketRated,
    TicketSolved,
    TraitsIdentified,
)
from state.engagement import Engagement, no_engagement
from state.purchases import Purchases, no_purchases
from state.support import Support, no_support

STAGES = ("prospect", "new", "repeat", "loyal", "at_risk", "churned")
MOST_TRAITS = 64
PURCHASES, ENGAGEMENT, SUPPORT, TRAITS = range(4)
PART_OF: dict[type[AnyFact], int] = {
    Browsed: ENGAGEMENT,
    TicketOpened: SUPPORT,
    TicketSolved: SUPPORT,
    TicketRated: SUPPORT,
    TraitsIdentified: TRAITS,
}


class Customer(msgspec.Struct, array_like=True, gc=False):
    """Aggregates, and the standing that was decided from them.

    ``heard_at`` is the instant of the last event and ``at`` that of the last decision; nothing changes by itself
    before ``due`` (though it may turn out that nothing changes then either), and
    ``expected`` / ``expected_at`` the lifecycle transition that comes next if nothing happens. ``since`` is when
    the stage began, ``why`` and ``cause`` say what began it; ``loyal_since`` and ``memberships`` (segment key to the
    instant of entering) are what a minimum stay is counted from.
    """

    seen_at: int
    purchases: Purchases
    engagement: Engagement
    support: Support
    traits: dict[str, Scalar]
    stage: str = "prospect"
    since: int = 0
    why: str = ""
    cause: str = ""
    loyal_since: int | None = None
    memberships: dict[str, int] = {}
    at: int = 0
    heard_at: int = 0
    due: int | None = None
    expected: str | None = None
    expected_at: int | None = None

    def copy(self, facts: Iterable[AnyFact]) -> "Customer":
        """A copy that can take in these facts, and be thrown away; the parts that none of them changes are shared."""
        parts = {PART_OF.get(type(fact), PURCHASES) for fact in facts}
        return Customer(
            self.seen_at,
            self.purchases.copy() if PURCHASES in parts else self.purchases,
            self.engagement.copy() if ENGAGEMENT in parts else self.engagement,
            self.support.copy() if SUPPORT in parts else self.support,
            self.traits,
            self.stage,
            self.since,
            self.why,
            self.cause,
            self.loyal_since,
            self.memberships.copy(),
            self.at,
            self.heard_at,
            self.due,
            self.expected,
            self.expected_at,
        )


def first_seen(at: int) -> Customer:
    """A customer of whom nothing is known but the instant of their first event."""
    return Customer(at, no_purchases(), no_engagement(), no_support(), {}, since=at, at=at)
