"""The catalogue: every feature of a customer that a condition may name."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from schemas.events import Scalar
from schemas.money import decimals
from state.calendar import Calendar
from state.conditions.feature_expression import Reading
from state.conditions.features import Catalogue, Feature, Kind, Trend
from state.customer.customer import STAGES, Customer
from state.customer.parts import DECIDED, NO_PARTS, ORDERS, SUPPORT, TRAITS, VISITS
from state.features.scores import alive, scores
from state.features.windows import windowed
from state.policy.shape import Policy


def catalogue(policy: Policy) -> Catalogue:
    """The features under a policy, which sets the time zone, the currency's unit and the limits of the scores."""
    calendar = Calendar(policy.time.zone, policy.time.day_seconds * 1000)
    made = [
        *_lifetime(calendar, 10 ** decimals(policy.money.currency)),
        *_standing(calendar),
        *windowed(10 ** decimals(policy.money.currency)),
        *scores(policy, calendar, 10 ** decimals(policy.money.currency)),
        alive(policy, calendar),
    ]

    def rolloffs(customer: Customer, window: int, after: int, until: int) -> Sequence[int]:
        first = calendar.day_of(after) - window + 1
        last = calendar.day_of(until) - window
        purchases = customer.purchases
        leaving: set[int] = set()
        for days in (
            purchases.days,
            purchases.overflow.days,
            purchases.refunds.days,
            customer.support.daily.days,
            customer.engagement.daily.days,
        ):
            if days and days[-1] >= first and days[0] <= last:
                leaving.update(days[bisect_left(days, first) : bisect_right(days, last)])
        return [calendar.start_of(day + window) for day in sorted(leaving)]

    def trait(customer: Customer, name: str) -> Scalar | None:
        return customer.traits.get(name)

    return Catalogue({feature.name: feature for feature in made}, rolloffs, trait, TRAITS, calendar.day_of)


def _constant(
    name: str, kind: Kind, unit: str, meaning: str, aspects: int, reading: str, nullable: bool = False
) -> Feature:
    return Feature(name, kind, unit, meaning, nullable, Trend.CONSTANT, None, Reading(reading), aspects)


def _since(name: str, meaning: str, calendar: Calendar, aspects: int, start: str) -> Feature:
    reading = Reading(f"None if (start := {start}) is None else (at - start) / {calendar.day_ms}")
    return Feature(name, Kind.NUMBER, "days", meaning, True, Trend.RISING, None, reading, aspects)


def _lifetime(calendar: Calendar, unit: int) -> list[Feature]:
    number = Kind.NUMBER
    average = f"purchases.revenue() / found / {unit} if (found := purchases.count()) else None"
    gap = (
        "None if (found := purchases.count()) < 2"
        f" else ((purchases.last() or 0) - (purchases.first() or 0)) / (found - 1) / {calendar.day_ms}"
    )
    return [
        _constant("orders", number, "orders", "orders that stand, of all time", ORDERS, "purchases.count()"),
        _constant(
            "revenue", number, "currency", "what they brought in, less refunds", ORDERS, f"purchases.revenue() / {unit}"
        ),
        _constant("items", number, "items", "items in them", ORDERS, "purchases.item_count()"),
        _constant("average_order_value", number, "currency", "revenue per order, of all time", ORDERS, average, True),
        _constant(
            "mean_gap_days", number, "days", "mean time between orders; unknown before the second", ORDERS, gap, True
        ),
        _since("days_since_order", "time since the last order", calendar, ORDERS, "purchases.last()"),
        _since("days_since_first_order", "time since the first order", calendar, ORDERS, "purchases.first()"),
        _since("days_since_visit", "time since the last browsing", calendar, VISITS, "engagement.last_visit"),
        _since("days_known", "time since the first event", calendar, NO_PARTS, "customer.first_event_at"),
        _since(
            "oldest_ticket_days", "how long the oldest open ticket is open", calendar, SUPPORT, "support.oldest_open()"
        ),
    ]


def _standing(calendar: Calendar) -> list[Feature]:
    kind = "found if isinstance(found := customer.traits.get('kind'), str) else None"
    return [
        Feature(
            "stage",
            Kind.TEXT,
            "",
            "lifecycle stage",
            False,
            Trend.CONSTANT,
            None,
            Reading("customer.stage"),
            DECIDED,
            limits=STAGES,
        ),
        _since("days_in_stage", "time since the stage began", calendar, DECIDED, "customer.since"),
        _constant("loyal", Kind.FLAG, "", "meets the policy's loyalty", DECIDED, "(customer.loyal_since is not None)"),
        _constant("kind", Kind.TEXT, "", "trait kind: consumer, business, channel, internal", TRAITS, kind, True),
        _constant("categories", Kind.TEXTS, "", "categories of the last ten orders", ORDERS, "purchases.categories()"),
        _constant("tickets_open", Kind.NUMBER, "tickets", "tickets open now", SUPPORT, "len(support.open)"),
        _constant(
            "last_rating", Kind.NUMBER, "1 to 5", "the last support rating", SUPPORT, "support.last_rating", True
        ),
    ]
