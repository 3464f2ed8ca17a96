"""A customer: everything that is remembered of one, as of one instant."""

import msgspec

from schemas.events import Scalar
from state.customer.engagement import Engagement, no_engagement
from state.customer.purchases import Purchases, no_purchases
from state.customer.support import Support, no_support

STAGES = ("prospect", "new", "repeat", "loyal", "at_risk", "churned")
STAGE_NUMBERS = {stage: number for number, stage in enumerate(STAGES)}
MAX_TRAITS = 64


class Customer(msgspec.Struct, gc=False):
    """Aggregates, and what was decided from them. Instants are ms since 1970.

    The aggregates (purchases, engagement, support) are decoded lazily: each is held as itself or as its bytes, since
    most events need only one of them. ``last_event_at`` is the instant of the last event, ``at`` that of the last
    decision. Nothing changes by itself before ``due``; at ``due`` it may turn out that nothing changes either.
    ``expected`` and ``expected_at`` are the lifecycle transition that comes next if nothing happens. ``since`` is when
    the stage began; ``why`` and ``cause`` say what began it. Minimum stays are counted from ``loyal_since`` and from
    ``memberships`` (segment key to the instant of entering).
    """

    first_event_at: int
    purchases_part: Purchases | bytes
    engagement_part: Engagement | bytes
    support_part: Support | bytes
    traits: dict[str, Scalar]
    stage: str = "prospect"
    since: int = 0
    why: str = ""
    cause: str = ""
    loyal_since: int | None = None
    memberships: dict[str, int] = {}
    at: int = 0
    last_event_at: int = 0
    due: int | None = None
    expected: str | None = None
    expected_at: int | None = None

    @property
    def purchases(self) -> Purchases:
        """The orders that stand."""
        part = self.purchases_part
        if isinstance(part, bytes):
            part = self.purchases_part = Purchases.unpacked(part)
        return part

    @property
    def engagement(self) -> Engagement:
        """What they look at between orders."""
        part = self.engagement_part
        if isinstance(part, bytes):
            part = self.engagement_part = Engagement.unpacked(part)
        return part

    @property
    def support(self) -> Support:
        """Their cases, and how satisfied they were."""
        part = self.support_part
        if isinstance(part, bytes):
            part = self.support_part = Support.unpacked(part)
        return part

    def packed_parts(self) -> tuple[bytes, bytes, bytes]:
        """The bytes of purchases, engagement and support; the parts themselves stay as they are."""
        purchases, engagement, support = self.purchases_part, self.engagement_part, self.support_part
        return (
            purchases if isinstance(purchases, bytes) else purchases.packed(),
            engagement if isinstance(engagement, bytes) else engagement.packed(),
            support if isinstance(support, bytes) else support.packed(),
        )


def first_seen(at: int) -> Customer:
    """A customer of whom nothing is known but the instant of their first event."""
    return Customer(
        first_event_at=at,
        purchases_part=no_purchases(),
        engagement_part=no_engagement(),
        support_part=no_support(),
        traits={},
        since=at,
        at=at,
    )
