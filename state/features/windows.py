"""Features over rolling windows: what a customer did in the last so many days, today included.

In the formulas, ``before`` is the number of days of the window before the day of the instant: 6 for 7 days.
"""

from collections.abc import Iterator

from state.conditions.features import NOT_NEGATIVE, Feature, Trend
from state.conditions.formula import Formula
from state.customer.engagement import COLUMN_PARTS, COLUMNS, COUPONS_COLUMN, Engagement
from state.customer.parts import ORDERS, SUPPORT
from state.customer.purchases import Purchases
from state.customer.support import OPENED, RATING_HUNDREDTHS, RATING_SUM, RATINGS, SOLVED, Support

SHOWN_WINDOWS = (7, 30, 90, 365)
"""The windows that every profile has, also where no condition asks for them."""


def windowed(days: int, unit: int, rating_scale: tuple[float, float]) -> list[Feature]:
    """Return the features of one window; ``unit`` is the number of minor units of the currency in a major one."""
    return [*_sums(days, unit), *_averages(days, unit, rating_scale)]


def _orders(purchases: Purchases, day: int, before: int) -> int:
    return purchases.orders_since(day - before)


def _revenue(purchases: Purchases, day: int, before: int, unit: int) -> float:
    return purchases.revenue_since(day - before) / unit


def _items(purchases: Purchases, day: int, before: int) -> int:
    return purchases.items_since(day - before)


def _refunds(purchases: Purchases, day: int, before: int, unit: int) -> float:
    return purchases.refunds.total(0, day - before) / unit


def _coupon_orders(purchases: Purchases, day: int, before: int) -> int:
    return purchases.coupon_orders_since(day - before)


def _discount(purchases: Purchases, day: int, before: int, unit: int) -> float:
    return purchases.discount_since(day - before) / unit


def _coupons(engagement: Engagement, purchases: Purchases, day: int, before: int) -> int:
    # Shops that send both would count each coupon twice in a sum.
    return max(engagement.daily.total(COUPONS_COLUMN, day - before), purchases.coupon_orders_since(day - before))


def _discount_share(purchases: Purchases, day: int, before: int) -> float | None:
    return (
        None
        if not (paid := purchases.revenue_since(day - before)) + (given := purchases.discount_since(day - before))
        else given / (paid + given)
    )


def _engagement_count(engagement: Engagement, day: int, before: int, column: int) -> int:
    return engagement.daily.total(column, day - before)


def _support_count(support: Support, day: int, before: int, column: int) -> int:
    return support.daily.total(column, day - before)


def _average_order_value(purchases: Purchases, day: int, before: int, unit: int) -> float | None:
    return (
        purchases.revenue_since(day - before) / orders / unit
        if (orders := purchases.orders_since(day - before))
        else None
    )


def _average_rating(support: Support, day: int, before: int) -> float | None:
    return (
        (support.daily.total(RATING_SUM, day - before) * 100 + support.daily.total(RATING_HUNDREDTHS, day - before))
        / (ratings * 100)
        if (ratings := support.daily.total(RATINGS, day - before))
        else None
    )


def _sums(days: int, unit: int) -> Iterator[Feature]:
    before = days - 1
    orders, items = Formula(_orders, before=before), Formula(_items, before=before)
    revenue, refunds = Formula(_revenue, before=before, unit=unit), Formula(_refunds, before=before, unit=unit)
    yield _sum("orders", days, unit="orders", meaning="orders placed", parts=ORDERS, formula=orders)
    yield _sum("revenue", days, unit="currency", meaning="what orders brought in", parts=ORDERS, formula=revenue)
    yield _sum("items", days, unit="items", meaning="items bought", parts=ORDERS, formula=items)
    yield _sum("refunds", days, unit="currency", meaning="money given back", parts=ORDERS, formula=refunds)
    with_coupon, discount = Formula(_coupon_orders, before=before), Formula(_discount, before=before, unit=unit)
    yield _sum(
        "orders_with_coupon", days, unit="orders", meaning="orders with a coupon", parts=ORDERS, formula=with_coupon
    )
    yield _sum("discount", days, unit="currency", meaning="discounts on orders", parts=ORDERS, formula=discount)
    coupons = Formula(_coupons, before=before)
    used = "coupons applied, or orders with one if those are more"
    yield _sum(
        "coupons", days, unit="coupons", meaning=used, parts=ORDERS | COLUMN_PARTS[COUPONS_COLUMN], formula=coupons
    )
    for name, column in COLUMNS.items():
        if column == COUPONS_COLUMN:
            continue
        count = Formula(_engagement_count, before=before, column=column)
        yield _sum(name, days, unit=name, meaning=f"{name} counted", parts=COLUMN_PARTS[column], formula=count)
    for name, counted, meaning, column in (
        ("tickets_opened", "tickets", "support tickets opened", OPENED),
        ("tickets_solved", "tickets", "support tickets solved", SOLVED),
        ("ratings", "ratings", "support ratings given", RATINGS),
    ):
        count = Formula(_support_count, before=before, column=column)
        yield _sum(name, days, unit=counted, meaning=meaning, parts=SUPPORT, formula=count)


def _sum(name: str, days: int, *, unit: str, meaning: str, parts: int, formula: Formula) -> Feature:
    return Feature(
        name=f"{name}_{days}d",
        unit=unit,
        meaning=f"{meaning}, last {days} days",
        formula=formula,
        parts=parts,
        trend=Trend.FALLING,
        window=days,
        limits=NOT_NEGATIVE,
    )


def _averages(days: int, unit: int, rating_scale: tuple[float, float]) -> Iterator[Feature]:
    yield Feature(
        name=f"average_order_value_{days}d",
        unit="currency",
        meaning=f"revenue per order, last {days} days",
        formula=Formula(_average_order_value, before=days - 1, unit=unit),
        parts=ORDERS,
        trend=Trend.FREE,
        window=days,
        limits=NOT_NEGATIVE,
    )
    yield Feature(
        name=f"discount_share_{days}d",
        unit="0 to 1",
        meaning=f"discounts as a share of revenue and discounts, last {days} days",
        formula=Formula(_discount_share, before=days - 1),
        parts=ORDERS,
        trend=Trend.FREE,
        window=days,
        limits=(0, 1),
    )
    yield Feature(
        name=f"average_rating_{days}d",
        unit="the policy's scale",
        meaning=f"mean support rating, last {days} days",
        formula=Formula(_average_rating, before=days - 1),
        parts=SUPPORT,
        trend=Trend.FREE,
        window=days,
        limits=rating_scale,
    )
