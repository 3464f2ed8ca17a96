"""Features over rolling windows: what a customer did in the last 7, 30, 90 and 365 days."""

from collections.abc import Callable
from typing import Any

from state.aspects import ORDERS, SUPPORT
from state.conditions.feature import Feature, Kind, Trend
from state.customer import Customer
from state.engagement import COLUMN_ASPECTS, COLUMNS
from state.support import OPENED, RATING_SUM, RATINGS, SOLVED

WINDOWS = (7, 30, 90, 365)
Read = Callable[[Customer, int, int], Any]


def windowed(unit: int) -> list[Feature]:
    """The features of all windows; ``unit`` is the number of minor units in a major one."""
    return [feature for days in WINDOWS for feature in (*_sums(days, unit), *_averages(days, unit))]


def _sums(days: int, unit: int) -> list[Feature]:
    reach = days - 1

    def engaged(column: int) -> Read:
        return lambda c, at, day: c.engagement.daily.total(column, day - reach)

    def supported(column: int) -> Read:
        return lambda c, at, day: c.support.daily.total(column, day - reach)

    def feature(name: str, of: str, meaning: str, aspects: int, read: Read) -> Feature:
        described = f"{meaning}, last {days} days"
        return Feature(f"{name}_{days}d", Kind.NUMBER, of, described, False, Trend.FALLING, days, read, aspects)

    return [
        feature("orders", "orders", "orders placed", ORDERS, lambda c, at, day: c.purchases.orders_since(day - reach)),
        feature(
            "revenue",
            "currency",
            "what they brought in",
            ORDERS,
            lambda c, at, day: c.purchases.revenue_since(day - reach) / unit,
        ),
        feature("items", "items", "items bought", ORDERS, lambda c, at, day: c.purchases.items_since(day - reach)),
        feature(
            "refunds",
            "currency",
            "money given back",
            ORDERS,
            lambda c, at, day: c.purchases.refunds.total(0, day - reach) / unit,
        ),
        *(
            feature(name, name, f"{name} counted", COLUMN_ASPECTS[column], engaged(column))
            for name, column in COLUMNS.items()
        ),
        feature("tickets_opened", "tickets", "support tickets opened", SUPPORT, supported(OPENED)),
        feature("tickets_solved", "tickets", "support tickets solved", SUPPORT, supported(SOLVED)),
        feature("ratings", "ratings", "support ratings given", SUPPORT, supported(RATINGS)),
    ]


def _averages(days: int, unit: int) -> list[Feature]:
    def order_value(customer: Customer, at: int, day: int) -> float | None:
        since = day - days + 1
        orders = customer.purchases.orders_since(since)
        return customer.purchases.revenue_since(since) / orders / unit if orders else None

    def rating(customer: Customer, at: int, day: int) -> float | None:
        since = day - days + 1
        daily = customer.support.daily
        ratings = daily.total(RATINGS, since)
        return daily.total(RATING_SUM, since) / ratings if ratings else None

    def feature(name: str, of: str, meaning: str, aspects: int, read: Read) -> Feature:
        described = f"{meaning}, last {days} days"
        return Feature(f"{name}_{days}d", Kind.NUMBER, of, described, True, Trend.FREE, days, read, aspects)

    return [
        feature("average_order_value", "currency", "revenue per order", ORDERS, order_value),
        feature("average_rating", "1 to 5", "mean support rating", SUPPORT, rating),
    ]
