"""A customer: everything that is remembered of one person, as of one instant."""

from collections.abc import Container

import msgspec

from schemas.events import Trait
from state.customer.activity import Activity
from state.customer.engagement import Engagement, no_engagement
from state.customer.open_signals import NO_SIGNALS, Signals
from state.customer.past_stays import PastStays, with_stay
from state.customer.purchases import Purchases, no_purchases
from state.customer.silence import NO_SILENCE, Silence
from state.customer.stored_purchases import pack_purchases, unpack_purchases
from state.customer.support import Support, no_support

EXCLUDED = "excluded"
"""The stage of customers that do not count."""
PROSPECT = "prospect"
"""The stage of whoever fits no other one, among those that ship."""


class Customer(msgspec.Struct, array_like=True, gc=False):
    """The aggregates of one customer, and what was decided from them. Instants are ms since 1970.

    The fields until ``user_id`` are stored, in this order: a new one that may be empty goes before it. What few
    customers have comes last. The aggregates are stored as bytes, each of its own, and read when they are needed, since
    most events need only one: ``read_purchases``, ``read_engagement``, ``read_support`` and ``read_activity`` are the
    aggregates that were read, and may have changed since. ``first_event_at`` and
    ``last_event_at`` are instants of events, ``at`` is that of the last decision. Nothing changes by itself before
    ``due``, and possibly nothing at ``due`` either. The stage began at ``since``; ``why`` is the short form of the
    values that began it, ``cause`` the messageId or name of its cause; the stage before, None if there was none, had
    lasted ``previous_ms``. ``past_stays`` are the stays that are over, in each stage that the policy asks about.
    ``silence`` is which limit the time since the last order was decided to have reached.
    ``expected`` and ``expected_at`` are the lifecycle transition that comes next if nothing happens. Minimum stays
    count from ``loyal_since`` and from the instants of entering in ``memberships`` (by segment key) and in ``steps``,
    which has the step and that instant by ladder key. ``held`` are the conditions that hold and must do so for some
    time, each with the instant since which it has held: by the key of a ladder whose step is being left, by the key of
    a segment that is being joined, or by ``ladder:step`` of a step that is being climbed to. ``user_id`` is the key
    under which the customer is stored, and not stored once more. ``past_memberships`` are the stays that are over, in
    each segment whose history the policy asks about. ``signals`` are the open occasions of signals, ``signals_told``
    when signals were told last that the policy asks about, by their keys; neither is ever changed in place.
    ``past_steps`` are the stays that are over, by ``ladder:step``, on each step whose history the policy asks about.
    """

    first_event_at: int
    last_event_at: int = 0
    at: int = 0
    due: int | None = None
    stage: str = PROSPECT
    since: int = 0
    silence: Silence = NO_SILENCE
    why: str = ""
    cause: str = ""
    previous_stage: str | None = None
    previous_ms: int = 0
    expected: str | None = None
    expected_at: int | None = None
    loyal_since: int | None = None
    traits: dict[str, Trait] = {}
    memberships: dict[str, int] = {}
    stored_purchases: bytes = pack_purchases(no_purchases())
    stored_engagement: bytes = no_engagement().packed()
    stored_support: bytes = no_support().packed()
    stored_activity: bytes = b""
    steps: dict[str, tuple[str, int]] = {}
    held: dict[str, int] = {}
    past_stays: dict[str, PastStays] = {}
    past_memberships: dict[str, PastStays] = {}
    signals: Signals = NO_SIGNALS
    signals_told: dict[str, int] = {}
    past_steps: dict[str, PastStays] = {}
    user_id: str = ""
    read_purchases: Purchases | None = None
    read_engagement: Engagement | None = None
    read_support: Support | None = None
    read_activity: Activity | None = None

    @property
    def previous_since(self) -> int | None:
        """Return when the stage before the present one began; None if there was none."""
        return None if self.previous_stage is None else self.since - self.previous_ms

    def enter_stage(self, stage: str, at: int, remembered: Container[str]) -> None:
        """Leave the stage for another one; the stay that ends is remembered if the stage is one of these."""
        if self.stage in remembered:
            past = with_stay(self.past_stays.get(self.stage), self.since, at)
            self.past_stays = {**self.past_stays, self.stage: past}
        self.previous_stage, self.previous_ms = self.stage, at - self.since
        self.stage, self.since = stage, at

    def leave_segment(self, key: str, at: int, *, is_remembered: bool = False) -> None:
        """Leave a segment; the stay that ends is remembered or not."""
        entered = self.memberships.pop(key)
        if is_remembered:
            past = with_stay(self.past_memberships.get(key), entered, at)
            self.past_memberships = {**self.past_memberships, key: past}

    def move_to_step(self, ladder: str, step: str | None, at: int, remembered: Container[str]) -> str | None:
        """Move to a step of a ladder, or off it, and return the step before.

        The stay that ends is remembered if its ``ladder:step`` is one of these.
        """
        before = self.steps.get(ladder)
        if before is not None and (place := f"{ladder}:{before[0]}") in remembered:
            past = with_stay(self.past_steps.get(place), before[1], at)
            self.past_steps = {**self.past_steps, place: past}
        if step is not None:
            self.steps[ladder] = step, at
        elif before is not None:
            del self.steps[ladder]
        return None if before is None else before[0]

    def remember_stays(self, remembered: Container[str]) -> None:
        """Remember the past stays in these stages and no others.

        In a stage that was not remembered so far, nothing is known but the previous stay.
        """
        self.past_stays = {stage: past for stage, past in self.past_stays.items() if stage in remembered}
        before = self.previous_stage
        if before is not None and before in remembered and before not in self.past_stays:
            self.past_stays[before] = with_stay(None, self.since - self.previous_ms, self.since)

    @property
    def purchases(self) -> Purchases:
        """Return the orders that stand."""
        purchases = self.read_purchases
        if purchases is None:
            purchases = self.read_purchases = unpack_purchases(self.stored_purchases)
        return purchases

    @property
    def engagement(self) -> Engagement:
        """Return what the customer looks at between orders."""
        engagement = self.read_engagement
        if engagement is None:
            engagement = self.read_engagement = Engagement.unpacked(self.stored_engagement)
        return engagement

    @property
    def support(self) -> Support:
        """Return the customer's support cases and ratings."""
        support = self.read_support
        if support is None:
            support = self.read_support = Support.unpacked(self.stored_support)
        return support

    @property
    def activity(self) -> Activity:
        """Return the events that the policy counts."""
        activity = self.read_activity
        if activity is None:
            activity = self.read_activity = Activity.unpacked(self.stored_activity)
        return activity

    def store(self) -> None:
        """Bring the bytes of the aggregates up to date that were read, and may have changed."""
        if self.read_purchases is not None:
            self.stored_purchases = pack_purchases(self.read_purchases)
        if self.read_engagement is not None:
            self.stored_engagement = self.read_engagement.packed()
        if self.read_support is not None:
            self.stored_support = self.read_support.packed()
        if self.read_activity is not None:
            self.stored_activity = self.read_activity.packed()


def first_seen(at: int, user_id: str = "", stage: str = PROSPECT) -> Customer:
    """Return a customer in the stage of all beginnings, of whom only the userId and the first instant are known."""
    return Customer(at, at=at, stage=stage, since=at, user_id=user_id)
