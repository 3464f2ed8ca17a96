"""Features that judge: the RFM scores, and the chance of still being a customer."""

from bisect import bisect_right

from state import bgnbd
from state.calendar import Calendar
from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.customer.figures import time_since_order
from state.customer.parts import ORDERS
from state.customer.purchases import Purchases
from state.policy.lifecycle_shape import PAlive
from state.policy.shape import Policy

Limits = tuple[float, float, float, float]


def scores(policy: Policy, calendar: Calendar, unit: int) -> list[Feature]:
    """Return recency, frequency and monetary value, each 1 to 5 by the policy's fixed limits."""
    rfm = policy.rfm
    days = rfm.window_days
    before = days - 1
    recency = Formula(_recency, limits=rfm.recency_days, day_ms=calendar.day_ms)
    frequency = Formula(_frequency, limits=rfm.frequency_orders, before=before)
    monetary = Formula(_monetary, limits=rfm.monetary, before=before, unit=unit)
    return [
        _score("recency", "RFM: how recent the last order is, 5 = very", None, recency),
        _score("frequency", f"RFM: how many orders in {days} days, 5 = most", days, frequency),
        _score("monetary", f"RFM: how much revenue in {days} days, 5 = most", days, monetary),
    ]


def alive(policy: Policy, calendar: Calendar) -> Feature:
    """Return P(alive) under the policy's BG/NBD parameters; it is missing under every other kind of patience."""
    rule = policy.lifecycle.patience
    if isinstance(rule, PAlive):
        unit = rule.unit_days * calendar.day_ms
        formula = Formula(_p_alive, unit=unit, r=rule.r, alpha=rule.alpha, a=rule.a, b=rule.b)
    else:
        formula = Formula(_unknown)
    return Feature(
        name="p_alive",
        unit="0 to 1",
        meaning="BG/NBD chance of still being a customer; known when patience is by p_alive",
        formula=formula,
        parts=ORDERS,
        trend=Trend.FALLING,
    )


def _recency(purchases: Purchases, at: int, limits: Limits, day_ms: int) -> int | None:
    return None if (days := time_since_order(purchases, at, day_ms)) is None else 5 - bisect_right(limits, days)


def _frequency(purchases: Purchases, day: int, limits: Limits, before: int) -> int | None:
    return (
        1 + bisect_right(limits, orders)
        if (orders := purchases.orders_since(day - before)) or purchases.count()
        else None
    )


def _monetary(purchases: Purchases, day: int, limits: Limits, before: int, unit: int) -> int | None:
    return 1 + bisect_right(limits, purchases.revenue_since(day - before) / unit) if purchases.count() else None


def _p_alive(purchases: Purchases, at: int, unit: float, r: float, alpha: float, a: float, b: float) -> float | None:
    return (
        None
        if (first := purchases.first()) is None
        else bgnbd.p_alive(
            purchases.occasions - 1,
            (purchases.occasion_at - first) / unit,
            (at - first) / unit,
            r=r,
            alpha=alpha,
            a=a,
            b=b,
        )
    )


def _unknown() -> float | None:
    return None


def _score(name: str, meaning: str, window: int | None, formula: Formula) -> Feature:
    return Feature(
        name=f"{name}_score",
        unit="1 to 5",
        meaning=meaning,
        formula=formula,
        parts=ORDERS,
        trend=Trend.FALLING,
        window=window,
    )
