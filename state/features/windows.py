"""Features over rolling windows: what a customer did in the last 7, 30, 90 and 365 days."""

from state.conditions.feature_expression import Reading
from state.conditions.features import Feature, Kind, Trend
from state.customer.engagement import COLUMN_PARTS, COLUMNS
from state.customer.parts import ORDERS, SUPPORT
from state.customer.support import OPENED, RATING_SUM, RATINGS, SOLVED

WINDOWS = (7, 30, 90, 365)


def windowed(unit: int) -> list[Feature]:
    """The features of all windows; ``unit`` is the number of minor units in a major one."""
    return [feature for days in WINDOWS for feature in (*_sums(days, unit), *_averages(days, unit))]


def _sums(days: int, unit: int) -> list[Feature]:
    since = f"day - {days - 1}"

    def feature(name: str, of: str, meaning: str, aspects: int, reading: str) -> Feature:
        described = f"{meaning}, last {days} days"
        return Feature(
            f"{name}_{days}d", Kind.NUMBER, of, described, False, Trend.FALLING, days, Reading(reading), aspects
        )

    def supported(name: str, of: str, meaning: str, column: int) -> Feature:
        return feature(name, of, meaning, SUPPORT, f"support.daily.total({column}, {since})")

    return [
        feature("orders", "orders", "orders placed", ORDERS, f"purchases.orders_since({since})"),
        feature("revenue", "currency", "what they brought in", ORDERS, f"purchases.revenue_since({since}) / {unit}"),
        feature("items", "items", "items bought", ORDERS, f"purchases.items_since({since})"),
        feature("refunds", "currency", "money given back", ORDERS, f"purchases.refunds.total(0, {since}) / {unit}"),
        *(
            feature(name, name, f"{name} counted", COLUMN_PARTS[column], f"engagement.daily.total({column}, {since})")
            for name, column in COLUMNS.items()
        ),
        supported("tickets_opened", "tickets", "support tickets opened", OPENED),
        supported("tickets_solved", "tickets", "support tickets solved", SOLVED),
        supported("ratings", "ratings", "support ratings given", RATINGS),
    ]


def _averages(days: int, unit: int) -> list[Feature]:
    since = f"day - {days - 1}"
    order_value = (
        f"purchases.revenue_since({since}) / found / {unit} if (found := purchases.orders_since({since})) else None"
    )
    ratings, points = (f"support.daily.total({column}, {since})" for column in (RATINGS, RATING_SUM))
    rating = f"{points} / found if (found := {ratings}) else None"

    def feature(name: str, of: str, meaning: str, aspects: int, reading: str) -> Feature:
        described = f"{meaning}, last {days} days"
        return Feature(f"{name}_{days}d", Kind.NUMBER, of, described, True, Trend.FREE, days, Reading(reading), aspects)

    return [
        feature("average_order_value", "currency", "revenue per order", ORDERS, order_value),
        feature("average_rating", "1 to 5", "mean support rating", SUPPORT, rating),
    ]
