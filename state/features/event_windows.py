"""Windows: the last so many days or hours, and those that end earlier, to compare with the last, or with a year ago.

What a window that ends earlier holds changes at midnights in both ways: what leaves the last days enters it, until it
leaves it too.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from state.conditions.features import NOT_NEGATIVE, Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import CallError, Parameter, Sort
from state.customer.customer import Customer
from state.customer.parts import ORDERS
from state.customer.purchases import Purchases

MAX_DAYS_BACK = 800
"""How far back a window may reach: the same weeks of two years ago."""
BEFORE = Parameter(name="before", sort=Sort.DAYS, most=MAX_DAYS_BACK - 1, is_needed=False, by_name=True)


class Window(NamedTuple):
    """What a call says of its window: nothing, which is all time; ``days``, perhaps ``before`` others; or ``hours``."""

    days: int | None = None
    before: int | None = None
    hours: int | None = None


ALL_TIME = Window()


class WindowFormula(Protocol):
    """Makes the formula of a window."""

    def __call__(self, oldest: int, after: int | None = None, day: str = "") -> Formula:
        """Return that of what happened from ``oldest`` days ago on and, if it is given, before ``after`` days ago.

        ``day`` is an expression in the place of the day, which counts in other units.
        """


def in_window(total: Feature, window: Window, trend: Trend, formula: WindowFormula) -> Feature:
    """Return the feature of all time, or that of a window.

    ``trend`` is that of a window that ends today. Raises ``CallError``.
    """
    if window.hours is not None:
        return _in_hours(total, window, trend, formula)
    days, before = window.days, window.before
    if days is None:
        if before is not None:
            fix = 'write the days of the window too, as in `count("App Opened", 30, before = 30)`'
            raise CallError("`before` is given, and no window", fix)
        return total
    if before is None:
        meaning = f"{total.meaning}, last {days} days"
        return replace(total, meaning=meaning, formula=formula(days - 1), trend=trend, window=days)
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


def _in_hours(total: Feature, window: Window, trend: Trend, formula: WindowFormula) -> Feature:
    counts = total.counts
    assert counts is not None and counts.slots is not None
    if window.days is not None or window.before is not None:
        told = f"`hours` is given, and {'`days`' if window.days is not None else '`before`'} too"
        raise CallError(told, 'write one window, as in `count("App Opened", hours = 6)`')
    slots, length, key = counts.slots, counts.window_slots, counts.key

    def roll_offs(customer: Customer, after: int, until: int) -> Sequence[int]:
        counted = customer.activity.days_of(key)
        first, last = slots.of(after) - length + 1, slots.of(until) - length
        leaving = counted[bisect_left(counted, first) : bisect_right(counted, last)]
        return [slots.start_of(it + length) for it in leaving]

    return replace(
        total,
        meaning=f"{total.meaning}, last {window.hours} hours",
        formula=formula(length - 1, day=slots.formula),
        trend=trend,
        changes_at=roll_offs,
    )


def orders_before(name: str, window: Window) -> Feature:
    """Return the orders of a window that ends earlier. Raises ``CallError``."""
    orders = Feature(
        name=name,
        unit="orders",
        meaning="orders placed",
        formula=Formula(_all_orders),
        parts=ORDERS,
        limits=NOT_NEGATIVE,
    )
    return in_window(
        orders,
        window,
        Trend.FREE,
        lambda oldest, after=None, day="": Formula(_orders, oldest=oldest, after=after),
    )


def _all_orders(purchases: Purchases) -> int:
    return purchases.count()


def _orders(purchases: Purchases, day: int, oldest: int, after: int) -> int:
    return purchases.orders_since(day - oldest) - purchases.orders_since(day - after)
