"""Features that judge: the RFM scores, and the chance of still being a customer."""

from bisect import bisect_right

from state.bgnbd import p_alive
from state.calendar import Calendar
from state.conditions.feature_expression import Reading
from state.conditions.features import Feature, Kind, Trend
from state.customer.parts import ORDERS
from state.customer.purchases import Purchases
from state.policy.shape import PAlive, Policy


def scores(policy: Policy, calendar: Calendar, unit: int) -> list[Feature]:
    """Recency, frequency and monetary value, each 1 to 5 by the policy's fixed limits."""
    rfm = policy.rfm
    window = rfm.window_days
    since = f"day - {window - 1}"
    recency = (
        f"None if (last := purchases.last()) is None"
        f" else 5 - bisect_right({rfm.recency_days}, (at - last) / {calendar.day_ms})"
    )
    frequency = (
        f"1 + bisect_right({rfm.frequency_orders}, found)"
        f" if (found := purchases.orders_since({since})) or purchases.count() else None"
    )
    monetary = (
        f"1 + bisect_right({rfm.monetary}, purchases.revenue_since({since}) / {unit}) if purchases.count() else None"
    )

    def score(name: str, meaning: str, over: int | None, text: str) -> Feature:
        reading = Reading(text, {"bisect_right": bisect_right})
        return Feature(f"{name}_score", Kind.NUMBER, "1 to 5", meaning, True, Trend.FALLING, over, reading, ORDERS)

    return [
        score("recency", "RFM: how recent the last order is, 5 = very", None, recency),
        score("frequency", f"RFM: how many orders in {window} days, 5 = most", window, frequency),
        score("monetary", f"RFM: how much revenue in {window} days, 5 = most", window, monetary),
    ]


def alive(policy: Policy, calendar: Calendar) -> Feature:
    """P(alive) under the policy's BG/NBD parameters; missing under every other kind of patience."""
    rule = policy.lifecycle.patience

    def chance(purchases: Purchases, at: int) -> float | None:
        first, last = purchases.first(), purchases.last()
        if first is None or last is None or not isinstance(rule, PAlive):
            return None
        unit = rule.unit_days * calendar.day_ms
        repeats = purchases.count() - 1
        return p_alive(repeats, (last - first) / unit, (at - first) / unit, rule.r, rule.alpha, rule.a, rule.b)

    meaning = "BG/NBD chance of still being a customer; known when patience is by p_alive"
    reading = Reading("chance(purchases, at)", {"chance": chance})
    return Feature("p_alive", Kind.NUMBER, "0 to 1", meaning, True, Trend.FALLING, None, reading, ORDERS)
