"""The lifecycle: which stage holds, what the step into it is called, and which step comes next by itself."""

from typing import NamedTuple

from state.customer.apply_event import OrderEffect
from state.customer.customer import Customer
from state.rules.patience import Patience, PatienceRules, reason_at

ACTIVE = frozenset(("new", "repeat", "loyal"))
SILENT = frozenset(("at_risk", "churned"))
WAITING = ACTIVE | {"at_risk"}


class Stage(NamedTuple):
    """A stage and the values against the limits that make it so, which go unsaid for the stage that held before."""

    name: str
    why: str


def stage_at(customer: Customer, at: int, touch: OrderEffect, limits: Patience, rules: PatienceRules) -> Stage:
    """The stage that holds at an instant; ``limits`` is the customer's patience.

    Silence is left only by an order, or when an order is undone: a ticket that is solved does not bring anyone back.
    """
    purchases = customer.purchases
    orders = purchases.count()
    if not orders:
        return Stage("prospect", "orders 0 < 1")
    latched = customer.stage if customer.stage in SILENT and touch is OrderEffect.NONE else None
    silence = at - (purchases.last() or 0)
    for name, limit in (("churned", limits.churned), ("at_risk", limits.at_risk)):
        if latched == name:
            return Stage(name, customer.why)
        if silence >= rules.shortened(limit):
            why = _silent(customer, at, silence, limit, limits, rules)
            if why:
                return Stage(name, why)
    name = "new" if orders == 1 else "repeat" if customer.loyal_since is None else "loyal"
    return Stage(name, "" if name == customer.stage else _heard(customer, silence, orders, touch, limits, rules.day_ms))


def _heard(customer: Customer, silence: int, orders: int, touch: OrderEffect, limits: Patience, day_ms: int) -> str:
    again = f"days_since_order {silence / day_ms:.1f} < {limits.at_risk / day_ms:.1f}; "
    number = (
        ("orders 1 < 2" if touch is OrderEffect.UNDONE else "orders 1 >= 1") if orders == 1 else f"orders {orders} >= 2"
    )
    return f"{again}{number}" if customer.stage in SILENT else number


def _silent(
    customer: Customer, at: int, silence: int, limit: int, limits: Patience, rules: PatienceRules
) -> str | None:
    day_ms = rules.day_ms
    reason = limits.why(day_ms)
    if silence >= limit:
        return f"days_since_order {silence / day_ms:.1f} >= {limit / day_ms:.1f} ({reason})"
    displeased = reason_at(rules.displeasures(customer), at)
    if displeased is None:
        return None
    return (
        f"days_since_order {silence / day_ms:.1f} >= {rules.shortened(limit) / day_ms:.1f} "
        f"({reason}, {limit / day_ms:.1f} shortened by support: {displeased.why})"
    )


def silence_deadline(customer: Customer, at: int, limits: Patience, rules: PatienceRules) -> tuple[str, int] | None:
    """The next stage of silence and its instant, if nothing happens until then."""
    last = customer.purchases.last()
    if last is None or customer.stage not in WAITING:
        return None
    reasons = rules.displeasures(customer)
    churned = rules.first_silent(last, limits.churned, reasons, at)
    if customer.stage == "at_risk":
        return "churned", churned
    at_risk = rules.first_silent(last, limits.at_risk, reasons, at)
    return ("churned", churned) if churned <= at_risk else ("at_risk", at_risk)


def granted_days(customer: Customer, at: int, limits: Patience, rules: PatienceRules) -> float:
    """The silence in days that a customer who has an order that stands is granted at an instant."""
    displeased = reason_at(rules.displeasures(customer), at)
    return round((limits.at_risk if displeased is None else rules.shortened(limits.at_risk)) / rules.day_ms, 4)


def transition(from_: str, to: str, touch: OrderEffect) -> str:
    """The name of a step: ``acquired``, ``repeated``, ``became_loyal``, ``loyalty_lapsed``, ``at_risk``,
    ``churned``, ``recovered``, ``won_back``, or ``reverted`` for what an undone order takes back.
    """
    if to in SILENT and not (from_ == "churned"):
        return to
    if touch is OrderEffect.UNDONE:
        return "reverted"
    if from_ == "churned":
        return "won_back"
    if from_ == "at_risk":
        return "recovered"
    if to == "loyal":
        return "became_loyal"
    if from_ == "loyal":
        return "loyalty_lapsed"
    return "acquired" if to == "new" else "repeated"
