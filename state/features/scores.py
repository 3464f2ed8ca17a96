"""Features that judge: the RFM scores, and the chance of still being a customer."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from state import bgnbd
from state.calendar import Calendar
from state.conditions.by_kind import ByKind
from state.conditions.condition import Condition
from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.customer.customer import Customer
from state.customer.figures import time_since_order
from state.customer.parts import NO_PARTS, ORDERS, TRAITS
from state.customer.purchases import Purchases
from state.policy.lifecycle_shape import PAlive, Patience, Rfm
from state.policy.shape import Policy

Limits = tuple[float, float, float, float]


def scores(policy: Policy, calendar: Calendar, unit: int) -> list[Feature]:
    """Return recency, frequency and monetary value, each 1 to 5 by the policy's fixed limits."""
    rfm = policy.rfm
    before = rfm.window_days - 1
    recency = Formula(_recency, limits=rfm.recency_days, day_ms=calendar.day_ms)
    frequency = Formula(_frequency, limits=rfm.frequency_orders, before=before)
    monetary = Formula(_monetary, limits=rfm.monetary, before=before, unit=unit)
    return [*_scores(rfm.window_days, recency, frequency, monetary)]


def scores_by_kind(policy: Policy, kinds: Sequence[Condition], calendar: Calendar, unit: int) -> list[Feature]:
    """Return the same by the limits for the customer's kind."""
    before = policy.rfm.window_days - 1
    own = [it.scores(policy.rfm) for it in policy.lifecycles]
    limits_of = ByKind([*zip(kinds, own, strict=True)], policy.rfm).of
    recency = Formula(_recency_by_kind, limits_of=limits_of, day_ms=calendar.day_ms)
    frequency = Formula(_frequency_by_kind, limits_of=limits_of, before=before)
    monetary = Formula(_monetary_by_kind, limits_of=limits_of, before=before, unit=unit)
    return [*_scores(policy.rfm.window_days, recency, frequency, monetary, TRAITS)]


def alive(policy: Policy, calendar: Calendar) -> Feature:
    """Return P(alive) under the policy's BG/NBD parameters; it is missing under every other kind of patience."""
    rule = policy.lifecycle.patience
    if isinstance(rule, PAlive):
        unit = rule.unit_days * calendar.day_ms
        formula = Formula(_p_alive, unit=unit, r=rule.r, alpha=rule.alpha, a=rule.a, b=rule.b)
    else:
        formula = Formula(_unknown)
    return _chance(formula)


def alive_by_kind(policy: Policy, kinds: Sequence[Condition], calendar: Calendar) -> Feature:
    """Return the same by the patience of the customer's kind."""
    own = [it.lifecycle(policy.lifecycle).patience for it in policy.lifecycles]
    patience_of = ByKind([*zip(kinds, own, strict=True)], policy.lifecycle.patience).of
    return _chance(Formula(_p_alive_by_kind, patience_of=patience_of, day_ms=calendar.day_ms), TRAITS)


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


def _recency_by_kind(
    customer: Customer, purchases: Purchases, at: int, limits_of: Callable[[Customer, int], Rfm], day_ms: int
) -> int | None:
    return _recency(purchases, at, limits_of(customer, at).recency_days, day_ms)


def _frequency_by_kind(
    customer: Customer, purchases: Purchases, at: int, day: int, limits_of: Callable[[Customer, int], Rfm], before: int
) -> int | None:
    return _frequency(purchases, day, limits_of(customer, at).frequency_orders, before)


def _monetary_by_kind(
    customer: Customer,
    purchases: Purchases,
    at: int,
    day: int,
    limits_of: Callable[[Customer, int], Rfm],
    before: int,
    unit: int,
) -> int | None:
    return _monetary(purchases, day, limits_of(customer, at).monetary, before, unit)


def _p_alive_by_kind(
    customer: Customer, purchases: Purchases, at: int, patience_of: Callable[[Customer, int], Patience], day_ms: int
) -> float | None:
    return _p_alive_under(patience_of(customer, at), purchases, at, day_ms)


def _p_alive_under(rule: Patience, purchases: Purchases, at: int, day_ms: int) -> float | None:
    if not isinstance(rule, PAlive):
        return None
    return _p_alive(purchases, at, rule.unit_days * day_ms, rule.r, rule.alpha, rule.a, rule.b)


def _chance(formula: Formula, parts: int = NO_PARTS) -> Feature:
    return Feature(
        name="p_alive",
        unit="0 to 1",
        limits=(0, 1),
        meaning="BG/NBD chance of still being a customer; known when patience is by p_alive",
        formula=formula,
        parts=ORDERS | parts,
        trend=Trend.FALLING,
    )


def _scores(
    days: int, recency: Formula, frequency: Formula, monetary: Formula, parts: int = NO_PARTS
) -> Iterator[Feature]:
    yield _score("recency", "RFM: how recent the last order is, 5 = very", None, recency, parts)
    yield _score("frequency", f"RFM: how many orders in {days} days, 5 = most", days, frequency, parts)
    yield _score("monetary", f"RFM: how much revenue in {days} days, 5 = most", days, monetary, parts)


def _score(name: str, meaning: str, window: int | None, formula: Formula, parts: int) -> Feature:
    return Feature(
        name=f"{name}_score",
        unit="1 to 5",
        limits=(1, 5),
        meaning=meaning,
        formula=formula,
        parts=ORDERS | parts,
        trend=Trend.FALLING,
        window=window,
    )
