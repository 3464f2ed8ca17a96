"""The policy as it is written: every number and condition that a business decides, and its bounds."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.intake import HIGHEST_RATING, LOWEST_RATING, NOT_CUSTOMERS
from state.customer.bucket import bucket_of
from state.policy.lifecycle_shape import KindLifecycle, Lifecycle, Rfm
from state.policy.retention_shape import Retention
from state.policy.section import Section
from state.policy.signal_shape import Signal
from state.policy.value_types import RESOLUTION_MINUTES, Amount, DaysOrNone, HoursOrNone, Key, Rating, Text
from state.policy.version import version_of
from state.slots import Slots

HOLDOUT_BUCKETS = 10_000
"""So that a percentage can have two decimals."""
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]


class Time(Section, frozen=True):
    """Where a day begins, how late an event may come, and how long a day lasts (in rehearsals: shorter).

    ``zone_trait`` is the trait that names a customer's own zone; empty if none does. ``resolution_minutes`` is how long
    the slots are by which windows in hours are counted.
    """

    zone: str = "UTC"
    zone_trait: Annotated[str, Meta(max_length=256)] = ""
    lateness_minutes: Annotated[float, Meta(ge=0, le=10080)] = 60.0
    day_seconds: Annotated[int, Meta(ge=1, le=86400)] = 86400
    resolution_minutes: Annotated[int, Meta(ge=1, le=60)] = RESOLUTION_MINUTES

    @property
    def slots(self) -> Slots:
        """The slots of windows in hours."""
        return Slots(1440 // self.resolution_minutes, self.day_seconds * 1000)


class Money(Section, frozen=True):
    """The currency that everything is counted in, and fixed rates from others into it."""

    currency: Currency = "USD"
    most_per_order: Amount = 1_000_000.0
    rates: dict[Currency, Amount] = msgspec.field(default_factory=dict)


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


class Measure(Section, frozen=True):
    """A value of a customer that conditions read by its name; with ``profile``, it is in profiles in any case."""

    name: Key
    value: Text
    description: str = ""
    profile: bool = False


class Segment(Section, frozen=True):
    """A group of customers, who join and leave it by rules. An empty ``leave`` means: not ``enter``.

    Who left it joins it again no sooner than ``quiet_days`` after they joined it last.
    """

    key: Key
    name: Text
    enter: Text
    description: str = ""
    leave: str = ""
    min_stay_days: DaysOrNone = 0.0
    confirm_hours: HoursOrNone = 0.0
    quiet_days: DaysOrNone = 0.0


class Step(Section, frozen=True):
    """A step of a ladder, which a customer reaches and leaves by rules. An empty ``leave`` means: not ``enter``.

    Whoever climbs to it or enters the ladder there must meet ``enter`` for ``confirm_hours`` without a break.
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
    confirm_hours: HoursOrNone = 0.0


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
    traits: dict[str, str] = msgspec.field(default_factory=dict)
    context: dict[str, tuple[Text, ...]] = msgspec.field(default_factory=dict)
    customers: Customers = Customers()
    holdout: Holdout | None = None
    orders: Orders = Orders()
    retention: Retention = Retention()
    lifecycle: Lifecycle = Lifecycle()
    rfm: Rfm = Rfm()
    lifecycles: tuple[KindLifecycle, ...] = ()
    measures: tuple[Measure, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    segments: tuple[Segment, ...] = ()
    signals: tuple[Signal, ...] = ()

    @property
    def trait_types(self) -> dict[str, str]:
        """The types of traits, that which names a customer's time zone among them."""
        zone = self.time.zone_trait
        return {**self.traits, zone: "zone"} if zone else self.traits

    @property
    def version(self) -> str:
        """The name and a hash of everything in the policy."""
        return version_of(msgspec.to_builtins(self))
