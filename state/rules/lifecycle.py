"""The lifecycle: which stage holds, how the transition into it is named, and which stage follows by itself."""

from typing import NamedTuple

from state.customer.apply_event import OrderEffect
from state.customer.customer import Customer
from state.rules.patience import PatienceRules, SilenceLimits, displeasure_at

ACTIVE = frozenset(("new", "repeat", "loyal"))
SILENT = frozenset(("at_risk", "churned"))
WAITING = ACTIVE | {"at_risk"}


class Stage(NamedTuple):
    """A stage, and the values that meet its limits; ``why`` is empty for an active stage that held before."""

    name: str
    why: str


def stage_at(customer: Customer, at: int, effect: OrderEffect, limits: SilenceLimits, patience: PatienceRules) -> Stage:
    """Return the stage that holds at ``at``, after an event with this effect; ``limits`` are the customer's.

    Only an order, or the undoing of one, ends a silent stage: a solved ticket or a longer limit does not.
    """
    purchases = customer.purchases
    orders = purchases.count()
    if not orders:
        return Stage("prospect", "orders 0 < 1")
    latched = customer.stage if customer.stage in SILENT and effect is OrderEffect.NONE else None
    silence = at - (purchases.last() or 0)
    for name, limit in (("churned", limits.churned), ("at_risk", limits.at_risk)):
        if latched == name:
            return Stage(name, customer.why)
        if silence >= patience.shortened(limit):
            why = _why_silent(customer, at, silence, limit, limits, patience)
            if why:
                return Stage(name, why)
    name = "new" if orders == 1 else "repeat" if customer.loyal_since is None else "loyal"
    if name == customer.stage:
        return Stage(name, "")
    return Stage(name, _why_active(customer, silence, orders, effect, limits, patience.day_ms))


def _why_active(
    customer: Customer, silence: int, orders: int, effect: OrderEffect, limits: SilenceLimits, day_ms: int
) -> str:
    if orders > 1:
        count = f"orders {orders} >= 2"
    else:
        count = "orders 1 < 2" if effect is OrderEffect.UNDONE else "orders 1 >= 1"
    if customer.stage not in SILENT:
        return count
    return f"days_since_order {silence / day_ms:.1f} < {limits.at_risk / day_ms:.1f}; {count}"


def _why_silent(
    customer: Customer, at: int, silence: int, limit: int, limits: SilenceLimits, patience: PatienceRules
) -> str | None:
    day_ms = patience.day_ms
    origin = limits.origin(day_ms)
    if silence >= limit:
        return f"days_since_order {silence / day_ms:.1f} >= {limit / day_ms:.1f} ({origin})"
    displeasure = displeasure_at(patience.displeasures(customer), at)
    if displeasure is None:
        return None
    return (
        f"days_since_order {silence / day_ms:.1f} >= {patience.shortened(limit) / day_ms:.1f} "
        f"({origin}, {limit / day_ms:.1f} shortened by support: {displeasure.why})"
    )


def silence_deadline(
    customer: Customer, at: int, limits: SilenceLimits, patience: PatienceRules
) -> tuple[str, int] | None:
    """Return the silent stage that comes next and its instant, if nothing happens until then; None if none comes."""
    last = customer.purchases.last()
    if last is None or customer.stage not in WAITING:
        return None
    displeasures = patience.displeasures(customer)
    churned = patience.reached_at(last, limits.churned, displeasures, at)
    if customer.stage == "at_risk":
        return "churned", churned
    at_risk = patience.reached_at(last, limits.at_risk, displeasures, at)
    return ("churned", churned) if churned <= at_risk else ("at_risk", at_risk)


def patience_days(customer: Customer, at: int, limits: SilenceLimits, patience: PatienceRules) -> float:
    """Return the silence in days after which a customer with an order is at risk, as it is at ``at``."""
    displeasure = displeasure_at(patience.displeasures(customer), at)
    at_risk = limits.at_risk if displeasure is None else patience.shortened(limits.at_risk)
    return round(at_risk / patience.day_ms, 4)


def transition(from_: str, to: str, effect: OrderEffect) -> str:
    """Return the name of the transition between two stages, after an event with this effect.

    ``acquired``, ``repeated``, ``became_loyal``, ``loyalty_lapsed``, ``at_risk``, ``churned``, ``recovered``,
    ``won_back``, or ``reverted`` where an order was undone.
    """
    if to in SILENT and from_ != "churned":
        return to
    if effect is OrderEffect.UNDONE:
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
