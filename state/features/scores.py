"""Features that judge: the RFM scores, and the chance of still being a customer."""

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from state.aspects import ORDERS
from state.bgnbd import p_alive
from state.calendar import Calendar
from state.conditions.feature import Feature, Kind, Trend
from state.customer import Customer
from state.policy.shape import PAlive, Policy

Read = Callable[[Customer, int, int], Any]


def scores(policy: Policy, calendar: Calendar, unit: int) -> list[Feature]:
    """Recency, frequency and monetary value, each 1 to 5 by the policy's fixed limits."""
    rfm = policy.rfm
    window = rfm.window_days

    def recency(customer: Customer, at: int, day: int) -> int | None:
        last = customer.purchases.last()
        return None if last is None else 5 - bisect_right(rfm.recency_days, (at - last) / calendar.day_ms)

    def frequency(customer: Customer, at: int, day: int) -> int | None:
        purchases = customer.purchases
        orders = purchases.orders_since(day - window + 1)
        return 1 + bisect_right(rfm.frequency_orders, orders) if orders or purchases.count() else None

    def monetary(customer: Customer, at: int, day: int) -> int | None:
        purchases = customer.purchases
        if not purchases.count():
            return None
        return 1 + bisect_right(rfm.monetary, purchases.revenue_since(day - window + 1) / unit)

    def score(name: str, meaning: str, over: int | None, read: Read) -> Feature:
        return Feature(f"{name}_score", Kind.NUMBER, "1 to 5", meaning, True, Trend.FALLING, over, read, ORDERS)

    return [
        score("recency", "RFM: how recent the last order is, 5 = very", None, recency),
        score("frequency", f"RFM: how many orders in {window} days, 5 = most", window, frequency),
        score("monetary", f"RFM: how much revenue in {window} days, 5 = most", window, monetary),
    ]


def alive(policy: Policy, calendar: Calendar) -> Feature:
    """P(alive) under the policy's BG/NBD parameters; missing under every other kind of patience."""
    rule = policy.lifecycle.patience

    def read(customer: Customer, at: int, day: int) -> float | None:
        purchases = customer.purchases
        first, last = purchases.first(), purchases.last()
        if first is None or last is None or not isinstance(rule, PAlive):
            return None
        unit = rule.unit_days * calendar.day_ms
        repeats = purchases.count() - 1
        return p_alive(repeats, (last - first) / unit, (at - first) / unit, rule.r, rule.alpha, rule.a, rule.b)

    meaning = "BG/NBD chance of still being a customer; known when patience is by p_alive"
    return Feature("p_alive", Kind.NUMBER, "0 to 1", meaning, True, Trend.FALLING, None, read, ORDERS)
