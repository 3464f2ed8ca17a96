"""The catalogue: every feature of a customer that a condition may name."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from schemas.events import Scalar
from schemas.money import decimals
from state.bgnbd import p_alive
from state.calendar import Calendar
from state.customer import STAGES, Customer
from state.engagement import COLUMNS
from state.feature import Catalogue, Feature, Kind, Trend
from state.policy import PAlive, Policy
from state.support import OPENED, RATING_SUM, RATINGS, SOLVED

WINDOWS = (7, 30, 90, 365)
Read = Callable[[Customer, int], Any]


def catalogue(policy: Policy) -> Catalogue:
    """The features under a policy, which sets the time zone, the currency's unit and the limits of the scores."""
    calendar = Calendar(policy.time.zone, policy.time.day_seconds * 1000)
    made = [
        *_lifetime(calendar, 10 ** decimals(policy.money.currency)),
        *_standing(calendar),
        *_windowed(calendar, 10 ** decimals(policy.money.currency)),
        *_scores(policy, calendar, 10 ** decimals(policy.money.currency)),
        _alive(policy, calendar),
    ]

    def rolloffs(customer: Customer, window: int, after: int, until: int) -> Sequence[int]:
        first = calendar.day_of(after) - window + 1
        last = calendar.day_of(until) - window
        purchases = customer.purchases
        leaving: set[int] = set()
        for days in (
            purchases.days,
            purchases.crowded.days,
            purchases.refunds.days,
            customer.support.daily.days,
            customer.engagement.daily.days,
        ):
            if days and days[-1] >= first and days[0] <= last:
                leaving.update(days[bisect_left(days, first) : bisect_right(days, last)])
        return [calendar.start_of(day + window) for day in sorted(leaving)]

    def trait(customer: Customer, name: str) -> Scalar | None:
        return customer.traits.get(name)

    return Catalogue({feature.name: feature for feature in made}, rolloffs, trait)


def _constant(name: str, kind: Kind, unit: str, meaning: str, read: Read, nullable: bool = False) -> Feature:
    return Feature(name, kind, unit, meaning, nullable, Trend.CONSTANT, None, read)


def _since(name: str, meaning: str, calendar: Calendar, anchor: Callable[[Customer], int | None]) -> Feature:
    def read(customer: Customer, at: int) -> float | None:
        start = anchor(customer)
        return None if start is None else (at - start) / calendar.day_ms

    return Feature(name, Kind.NUMBER, "days", meaning, True, Trend.RISING, None, read)


def _lifetime(calendar: Calendar, unit: int) -> list[Feature]:
    def average(customer: Customer, at: int) -> float | None:
        count = customer.purchases.count()
        return customer.purchases.revenue() / count / unit if count else None

    def gap(customer: Customer, at: int) -> float | None:
        purchases = customer.purchases
        count = purchases.count()
        if count < 2:
            return None
        return ((purchases.last() or 0) - (purchases.first() or 0)) / (count - 1) / calendar.day_ms

    number = Kind.NUMBER
    return [
        _constant("orders", number, "orders", "orders that stand, of all time", lambda c, t: c.purchases.count()),
        _constant(
            "revenue",
            number,
            "currency",
            "what they brought in, less refunds",
            lambda c, t: c.purchases.revenue() / unit,
        ),
        _constant("items", number, "items", "items in them", lambda c, t: c.purchases.item_count()),
        _constant("average_order_value", number, "currency", "revenue per order, of all time", average, True),
        _constant("mean_gap_days", number, "days", "mean time between orders; unknown before the second", gap, True),
        _since("days_since_order", "time since the last order", calendar, lambda c: c.purchases.last()),
        _since("days_since_first_order", "time since the first order", calendar, lambda c: c.purchases.first()),
        _since("days_since_visit", "time since the last browsing", calendar, lambda c: c.engagement.last_visit),
        _since("days_known", "time since the first event", calendar, lambda c: c.seen_at),
        _since(
            "oldest_ticket_days",
            "how long the oldest open ticket is open",
            calendar,
            lambda c: c.support.oldest_open(),
        ),
    ]


def _standing(calendar: Calendar) -> list[Feature]:
    def kind(customer: Customer, at: int) -> str | None:
        value = customer.traits.get("kind")
        return value if isinstance(value, str) else None

    return [
        Feature(
            "stage",
            Kind.TEXT,
            "",
            "lifecycle stage",
            False,
            Trend.CONSTANT,
            None,
            lambda c, t: c.stage,
            limits=STAGES,
        ),
        _since("days_in_stage", "time since the stage began", calendar, lambda c: c.since),
        _constant("loyal", Kind.FLAG, "", "meets the policy's loyalty", lambda c, t: c.loyal_since is not None),
        _constant("kind", Kind.TEXT, "", "trait kind: consumer, business, channel, internal", kind, True),
        _constant(
            "categories",
            Kind.TEXTS,
            "",
            "categories of the last ten orders",
            lambda c, t: c.purchases.categories(),
        ),
        _constant("tickets_open", Kind.NUMBER, "tickets", "tickets open now", lambda c, t: len(c.support.open)),
        _constant(
            "last_rating",
            Kind.NUMBER,
            "1 to 5",
            "the last support rating",
            lambda c, t: c.support.last_rating,
            True,
        ),
    ]


Total = Callable[[Customer, int], Any]


def _windowed(calendar: Calendar, unit: int) -> list[Feature]:
    def average_order(customer: Customer, since: int) -> float | None:
        orders = customer.purchases.orders_since(since)
        return customer.purchases.revenue_since(since) / orders / unit if orders else None

    def average_rating(customer: Customer, since: int) -> float | None:
        daily = customer.support.daily
        ratings = daily.total(RATINGS, since)
        return daily.total(RATING_SUM, since) / ratings if ratings else None

    def engaged(column: int) -> Total:
        return lambda customer, since: customer.engagement.daily.total(column, since)

    def supported(column: int) -> Total:
        return lambda customer, since: customer.support.daily.total(column, since)

    falling: list[tuple[str, str, str, Total]] = [
        ("orders", "orders", "orders placed", lambda c, since: c.purchases.orders_since(since)),
        ("revenue", "currency", "what they brought in", lambda c, since: c.purchases.revenue_since(since) / unit),
        ("items", "items", "items bought", lambda c, since: c.purchases.items_since(since)),
        ("refunds", "currency", "money given back", lambda c, since: c.purchases.refunds.total(0, since) / unit),
        *((name, name, f"{name} counted", engaged(column)) for name, column in COLUMNS.items()),
        ("tickets_opened", "tickets", "support tickets opened", supported(OPENED)),
        ("tickets_solved", "tickets", "support tickets solved", supported(SOLVED)),
        ("ratings", "ratings", "support ratings given", supported(RATINGS)),
    ]
    free: list[tuple[str, str, str, Total]] = [
        ("average_order_value", "currency", "revenue per order", average_order),
        ("average_rating", "1 to 5", "mean support rating", average_rating),
    ]
    return [
        _window(name, of, meaning, trend, days, total, calendar)
        for days in WINDOWS
        for made, trend in ((falling, Trend.FALLING), (free, Trend.FREE))
        for name, of, meaning, total in made
    ]


def _window(name: str, unit: str, meaning: str, trend: Trend, days: int, total: Total, calendar: Calendar) -> Feature:
    day_of, reach = calendar.day_of, days - 1

    def read(customer: Customer, at: int) -> Any:
        return total(customer, day_of(at) - reach)

    described = f"{meaning}, last {days} days"
    return Feature(f"{name}_{days}d", Kind.NUMBER, unit, described, trend is Trend.FREE, trend, days, read)


def _scores(policy: Policy, calendar: Calendar, unit: int) -> list[Feature]:
    rfm = policy.rfm
    window = rfm.window_days

    def recency(customer: Customer, at: int) -> int | None:
        last = customer.purchases.last()
        return None if last is None else 5 - bisect_right(rfm.recency_days, (at - last) / calendar.day_ms)

    def frequency(customer: Customer, at: int) -> int | None:
        if not customer.purchases.count():
            return None
        orders = customer.purchases.orders_since(calendar.day_of(at) - window + 1)
        return 1 + bisect_right(rfm.frequency_orders, orders)

    def monetary(customer: Customer, at: int) -> int | None:
        if not customer.purchases.count():
            return None
        spent = customer.purchases.revenue_since(calendar.day_of(at) - window + 1) / unit
        return 1 + bisect_right(rfm.monetary, spent)

    def score(name: str, meaning: str, over: int | None, read: Read) -> Feature:
        return Feature(f"{name}_score", Kind.NUMBER, "1 to 5", meaning, True, Trend.FALLING, over, read)

    return [
        score("recency", "RFM: how recent the last order is, 5 = very", None, recency),
        score("frequency", f"RFM: how many orders in {window} days, 5 = most", window, frequency),
        score("monetary", f"RFM: how much revenue in {window} days, 5 = most", window, monetary),
    ]


def _alive(policy: Policy, calendar: Calendar) -> Feature:
    rule = policy.lifecycle.patience

    def read(customer: Customer, at: int) -> float | None:
        purchases = customer.purchases
        first, last = purchases.first(), purchases.last()
        if first is None or last is None or not isinstance(rule, PAlive):
            return None
        unit = rule.unit_days * calendar.day_ms
        repeats = purchases.count() - 1
        return p_alive(repeats, (last - first) / unit, (at - first) / unit, rule.r, rule.alpha, rule.a, rule.b)

    meaning = "BG/NBD chance of still being a customer; known when patience is by p_alive"
    return Feature("p_alive", Kind.NUMBER, "0 to 1", meaning, True, Trend.FALLING, None, read)
