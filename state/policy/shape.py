"""The policy as it is written: every number and condition that a business decides, and its bounds."""

import hashlib
from collections.abc import Container
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemas.intake import HIGHEST_RATING, LOWEST_RATING, NOT_CUSTOMERS
from state.customer.bucket import bucket_of

Days = Annotated[float, Meta(gt=0, le=36500)]
DaysOrNone = Annotated[float, Meta(ge=0, le=36500)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Shape = Annotated[float, Meta(gt=0, le=1e6)]
Amount = Annotated[float, Meta(gt=0, le=1e12)]
Multiple = Annotated[float, Meta(ge=1, le=1000)]
MAX_WINDOW_DAYS = 400
HOLDOUT_BUCKETS = 10_000
"""So that a percentage can have two decimals."""
WindowDays = Annotated[int, Meta(ge=1, le=MAX_WINDOW_DAYS)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=64)]
Text = Annotated[str, Meta(min_length=1)]
Rating = Annotated[float, Meta(ge=-1e6, le=1e6)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the policy file."""

    @staticmethod
    def implied(given: Container[str]) -> dict[str, Any]:
        """Return the values that follow from which keys are given, in place of their defaults."""
        return {}


class Time(Section, frozen=True):
    """Where a day begins, how late an event may come, and how long a day lasts (in rehearsals: shorter).

    ``zone_trait`` is the trait that names a customer's own zone; empty if none does.
    """

    zone: str = "UTC"
    zone_trait: Annotated[str, Meta(max_length=256)] = ""
    lateness_minutes: Annotated[float, Meta(ge=0, le=10080)] = 60.0
    day_seconds: Annotated[int, Meta(ge=1, le=86400)] = 86400


class Money(Section, frozen=True):
    """The currency that everything is counted in, and fixed rates from others into it."""

    currency: Currency = "USD"
    most_per_order: Amount = 1_000_000.0
    rates: dict[Currency, Amount] = {}


class Browsing(Section, frozen=True):
    """The silence after which browsing counts as a new session."""

    session_minutes: Annotated[float, Meta(gt=0, le=1440)] = 30.0


class Reading(Section, frozen=True):
    """How events are read: the userIds that stand for no customer, and the lowest and highest rating."""

    not_customers: tuple[Text, ...] = NOT_CUSTOMERS
    rating_scale: tuple[Rating, Rating] = (float(LOWEST_RATING), float(HIGHEST_RATING))


class Customers(Section, frozen=True):
    """Who does not count: a condition on traits; empty if everybody counts."""

    excluded: str = ""


class Orders(Section, frozen=True):
    """For how many days an order can be undone, updated, and recognised when it is sent again."""

    undo_days: Annotated[int, Meta(ge=1, le=36500)] = 400


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


class Lifecycle(Section, frozen=True):
    """The silences after which customers are at risk and churned, and who is loyal.

    Orders within ``occasion_days`` of the first of them are one purchase occasion; at 0, each is one of its own.
    """

    occasion_days: Annotated[float, Meta(ge=0, le=365)] = 1.0
    one_time_patience_days: Days = 60.0
    one_time_churn_days: Days = 180.0
    patience: Patience = Rhythm()
    support: SupportRules | None = None
    loyal: Loyal = Loyal()


class Rfm(Section, frozen=True):
    """Four rising limits each, which cut recency, frequency and monetary value into scores 1 to 5."""

    recency_days: tuple[Days, Days, Days, Days] = (30.0, 60.0, 120.0, 240.0)
    frequency_orders: tuple[Days, Days, Days, Days] = (2.0, 4.0, 8.0, 16.0)
    monetary: tuple[Amount, Amount, Amount, Amount] = (50.0, 150.0, 400.0, 1000.0)
    window_days: WindowDays = 365


class Measure(Section, frozen=True):
    """A value of a customer that conditions read by its name; with ``profile``, it is in profiles in any case."""

    name: Key
    value: Text
    description: str = ""
    profile: bool = False


class Segment(Section, frozen=True):
    """A group of customers, who join and leave it by rules. An empty ``leave`` means: not ``enter``."""

    key: Key
    name: Text
    enter: Text
    description: str = ""
    leave: str = ""
    min_stay_days: DaysOrNone = 0.0


class Step(Section, frozen=True):
    """A step of a ladder, which a customer reaches and leaves by rules. An empty ``leave`` means: not ``enter``.

    ``leave`` must hold for ``grace_days`` without a break. With ``requalify_days`` it is asked only every so many days.
    """

    key: Key
    name: Text
    enter: Text
    description: str = ""
    leave: str = ""
    min_stay_days: DaysOrNone = 0.0
    grace_days: DaysOrNone = 0.0
    requalify_days: DaysOrNone = 0.0


class Ladder(Section, frozen=True):
    """A ladder: a customer is on one of its steps, which come best first, or on none."""

    key: Key
    name: Text
    description: str = ""
    steps: tuple[Step, ...] = ()


class Holdout(Section, frozen=True):
    """Customers who are told apart from the others at random, to measure what is done to the others.

    Who is held out at some percentage is held out at every higher one under the same name.
    """

    name: Text
    percent: Annotated[float, Meta(gt=0, lt=100)]

    @property
    def bucket_count(self) -> int:
        """How many of the ``HOLDOUT_BUCKETS`` buckets are held out."""
        return round(self.percent * HOLDOUT_BUCKETS / 100)

    def has(self, user_id: str) -> bool:
        """Tell whether a customer is held out."""
        return bucket_of(user_id, self.name, HOLDOUT_BUCKETS) < self.bucket_count


class Policy(Section, frozen=True):
    """Everything that a business decides, in one file.

    ``subject`` is what it decides: customers, or the accounts that their events name. ``traits`` are the types of
    traits, ``context`` the paths of fields of events, both by their names.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=64)]
    subject: Literal["customer", "account"] = "customer"
    time: Time = Time()
    money: Money = Money()
    browsing: Browsing = Browsing()
    intake: Reading = Reading()
    traits: dict[str, str] = {}
    context: dict[str, tuple[Text, ...]] = {}
    customers: Customers = Customers()
    holdout: Holdout | None = None
    orders: Orders = Orders()
    lifecycle: Lifecycle = Lifecycle()
    rfm: Rfm = Rfm()
    measures: tuple[Measure, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    segments: tuple[Segment, ...] = ()

    @property
    def trait_types(self) -> dict[str, str]:
        """The types of traits, that which names a customer's time zone among them."""
        zone = self.time.zone_trait
        return {**self.traits, zone: "zone"} if zone else self.traits

    @property
    def version(self) -> str:
        """The name and a hash of everything in the policy; comments and layout of its file do not count.

        What a policy does not have of ``[traits]``, ``[context]``, ``[customers]``, ``[holdout]``, ``[[measures]]`` and
        ``[[ladders]]`` does not count, nor that it is about customers: it has the version that it had before there were
        any.
        """
        whole = msgspec.to_builtins(self)
        if self.subject == "customer":
            del whole["subject"]
        for name in ("traits", "context", "holdout", "measures", "ladders"):
            if not whole[name]:
                del whole[name]
        if not self.time.zone_trait:
            del whole["time"]["zone_trait"]
        if not self.customers.excluded.strip():
            del whole["customers"]
        return f"{self.name}@{hashlib.sha256(msgspec.json.encode(whole, order='sorted')).hexdigest()[:8]}"
