"""The lifecycle: which stage holds, what the step into it is called, and which step comes next by itself."""

from dataclasses import dataclass
from enum import Enum

from state.customer import Customer
from state.patience import Patience, displeasures, first_silent, patience, reason_at, shortened
from state.policy.shape import Policy

ACTIVE = frozenset(("new", "repeat", "loyal"))
SILENT = frozenset(("at_risk", "churned"))
WAITING = ACTIVE | {"at_risk"}


class Touch(Enum):
    """What an event did to the orders that stand."""

    NONE = "none"
    ORDERED = "ordered"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage and the values against the limits that make it so."""

    name: str
    why: str


def stage_at(customer: Customer, at: int, touch: Touch, limits: Patience, policy: Policy, day_ms: int) -> Stage:
    """The stage that holds at an instant; ``limits`` is the customer's patience.

    Silence is left only by an order, or when an order is undone: a ticket that is solved does not bring anyone back.
    """
    purchases = customer.purchases
    orders = purchases.count()
    if not orders:
        return Stage("prospect", "orders 0 < 1")
    latched = customer.stage if customer.stage in SILENT and touch is Touch.NONE else None
    silence = at - (purchases.last() or 0)
    for name, limit in (("churned", limits.churned), ("at_risk", limits.at_risk)):
        if latched == name:
            return Stage(name, customer.why)
        if silence >= shortened(limit, policy):
            why = _silent(customer, at, silence, limit, limits, policy, day_ms)
            if why:
                return Stage(name, why)
    name = "new" if orders == 1 else "repeat" if customer.loyal_since is None else "loyal"
    return Stage(name, "" if name == customer.stage else _heard(customer, silence, orders, touch, limits, day_ms))


def _heard(customer: Customer, silence: int, orders: int, touch: Touch, limits: Patience, day_ms: int) -> str:
    again = f"recency_days {silence / day_ms:.1f} < {limits.at_risk / day_ms:.1f}; "
    number = ("orders 1 < 2" if touch is Touch.UNDONE else "orders 1 >= 1") if orders == 1 else f"orders {orders} >= 2"
    return f"{again}{number}" if customer.stage in SILENT else number


def _silent(
    customer: Customer, at: int, silence: int, limit: int, limits: Patience, policy: Policy, day_ms: int
) -> str | None:
    reason = limits.why(day_ms)
    if silence >= limit:
        return f"recency_days {silence / day_ms:.1f} >= {limit / day_ms:.1f} ({reason})"
    displeased = reason_at(displeasures(customer, policy, day_ms), at)
    if displeased is None:
        return None
    return (
        f"recency_days {silence / day_ms:.1f} >= {shortened(limit, policy) / day_ms:.1f} "
        f"({reason}, {limit / day_ms:.1f} shortened by support: {displeased.why})"
    )


def silence_deadline(
    customer: Customer, at: int, limits: Patience, policy: Policy, day_ms: int
) -> tuple[str, int] | None:
    """The next stage of silence and its instant, if nothing happens until then."""
    last = customer.purchases.last()
    if last is None or customer.stage not in WAITING:
        return None
    reasons = displeasures(customer, policy, day_ms)
    churned = first_silent(last, limits.churned, reasons, policy, at)
    if customer.stage == "at_risk":
        return "churned", churned
    at_risk = first_silent(last, limits.at_risk, reasons, policy, at)
    return ("churned", churned) if churned <= at_risk else ("at_risk", at_risk)


def patience_days(customer: Customer, at: int, policy: Policy, day_ms: int) -> float | None:
    """The silence in days that this customer is granted at an instant; None without an order."""
    if not customer.purchases.count():
        return None
    limit = patience(customer, policy, day_ms).at_risk
    displeased = reason_at(displeasures(customer, policy, day_ms), at)
    return round((limit if displeased is None else shortened(limit, policy)) / day_ms, 4)


def transition(from_: str, to: str, touch: Touch) -> str:
    """The name of a step: ``acquired``, ``repeated``, ``became_loyal``, ``loyalty_lapsed``, ``at_risk``,
    ``churned``, ``recovered``, ``won_back``, or ``reverted`` for what an undone order takes back.
    """
    if to in SILENT and not (from_ == "churned"):
        return to
    if touch is Touch.UNDONE:
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
