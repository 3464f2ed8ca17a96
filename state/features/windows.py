"""Features over rolling windows: what a customer did in the last 7, 30, 90 and 365 days."""

from collections.abc import Callable
from typing import Any

from state.calendar import Calendar
from state.conditions.feature import Feature, Kind, Trend
from state.customer import Customer
from state.engagement import COLUMNS
from state.support import OPENED, RATING_SUM, RATINGS, SOLVED

WINDOWS = (7, 30, 90, 365)
Read = Callable[[Customer, int], Any]


def windowed(calendar: Calendar, unit: int) -> list[Feature]:
    """The features of all windows; ``unit`` is the number of minor units in a major one."""
    return [feature for days in WINDOWS for feature in (*_sums(days, calendar, unit), *_averages(days, calendar, unit))]


def _sums(days: int, calendar: Calendar, unit: int) -> list[Feature]:
    day_of, reach = calendar.day_of, days - 1

    def engaged(column: int) -> Read:
        return lambda c, at: c.engagement.daily.total(column, day_of(at) - reach)

    def supported(column: int) -> Read:
        return lambda c, at: c.support.daily.total(column, day_of(at) - reach)

    def feature(name: str, of: str, meaning: str, read: Read) -> Feature:
        described = f"{meaning}, last {days} days"
        return Feature(f"{name}_{days}d", Kind.NUMBER, of, described, False, Trend.FALLING, days, read)

    return [
        feature("orders", "orders", "orders placed", lambda c, at: c.purchases.orders_since(day_of(at) - reach)),
        feature(
            "revenue",
            "currency",
            "what they brought in",
            lambda c, at: c.purchases.revenue_since(day_of(at) - reach) / unit,
        ),
        feature("items", "items", "items bought", lambda c, at: c.purchases.items_since(day_of(at) - reach)),
        feature(
            "refunds",
            "currency",
            "money given back",
            lambda c, at: c.purchases.refunds.total(0, day_of(at) - reach) / unit,
        ),
        *(feature(name, name, f"{name} counted", engaged(column)) for name, column in COLUMNS.items()),
        feature("tickets_opened", "tickets", "support tickets opened", supported(OPENED)),
        feature("tickets_solved", "tickets", "support tickets solved", supported(SOLVED)),
        feature("ratings", "ratings", "support ratings given", supported(RATINGS)),
    ]


def _averages(days: int, calendar: Calendar, unit: int) -> list[Feature]:
    def order_value(customer: Customer, at: int) -> float | None:
        since = calendar.day_of(at) - days + 1
        orders = customer.purchases.orders_since(since)
        return customer.purchases.revenue_since(since) / orders / unit if orders else None

    def rating(customer: Customer, at: int) -> float | None:
        since = calendar.day_of(at) - days + 1
        daily = customer.support.daily
        ratings = daily.total(RATINGS, since)
        return daily.total(RATING_SUM, since) / ratings if ratings else None

    def feature(name: str, of: str, meaning: str, read: Read) -> Feature:
        described = f"{meaning}, last {days} days"
        return Feature(f"{name}_{days}d", Kind.NUMBER, of, described, True, Trend.FREE, days, read)

    return [
        feature("average_order_value", "currency", "revenue per order", order_value),
        feature("average_rating", "1 to 5", "mean support rating", rating),
    ]
