"""Windows that end earlier: the days before the last so many, to compare with the last ones, or with a year ago.

What such a window holds changes at midnights in both ways: what leaves the last days enters it, until it leaves it too.
"""

from collections.abc import Callable
from dataclasses import replace

from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import CallError, Parameter, Sort
from state.customer.parts import ORDERS
from state.customer.purchases import Purchases

MAX_DAYS_BACK = 800
"""How far back a window may reach: the same weeks of two years ago."""
BEFORE = Parameter(name="before", sort=Sort.DAYS, most=MAX_DAYS_BACK - 1, is_needed=False, by_name=True)


def in_window(
    total: Feature, days: int | None, before: int | None, trend: Trend, formula: Callable[[int, int | None], Formula]
) -> Feature:
    """Return the feature of all time, or, where ``days`` are given, that of a window.

    ``formula(oldest, after)`` makes that of what happened from ``oldest`` days ago on and, unless ``after`` is None,
    before ``after`` days ago. ``trend`` is that of a window that ends today. Raises ``CallError``.
    """
    if days is None:
        if before is not None:
            fix = 'write the days of the window too, as in `count("App Opened", 30, before = 30)`'
            raise CallError("`before` is given, and no window", fix)
        return total
    if before is None:
        meaning = f"{total.meaning}, last {days} days"
        return replace(total, meaning=meaning, formula=formula(days - 1, None), trend=trend, window=days)
    if days + before > MAX_DAYS_BACK:
        told = f"a window of {days} days before the last {before} begins {days + before} days back"
        raise CallError(told, f"the two are together at most {MAX_DAYS_BACK}")
    return replace(
        total,
        meaning=f"{total.meaning}, in the {days} days before the last {before}",
        formula=formula(days + before - 1, before - 1),
        trend=Trend.FREE,
        window=days + before,
        before=before,
    )


def orders_before(name: str, days: int | None, before: int) -> Feature:
    """Return the orders of a window that ends earlier. Raises ``CallError``."""
    orders = Feature(name=name, unit="orders", meaning="orders placed", formula=Formula(_all_orders), parts=ORDERS)
    return in_window(
        orders, days, before, Trend.FREE, lambda oldest, after: Formula(_orders, oldest=oldest, after=after)
    )


def _all_orders(purchases: Purchases) -> int:
    return purchases.count()


def _orders(purchases: Purchases, day: int, oldest: int, after: int) -> int:
    return purchases.orders_since(day - oldest) - purchases.orders_since(day - after)
