"""The lifecycle: which stage holds, what the step into it is called, and which step comes next by itself."""

from dataclasses import dataclass
from enum import Enum

from state.customer import Customer
from state.patience import Patience, displeasures, first_silent, patience, reason_at, shortened
from state.policy import Policy

ACTIVE = frozenset(("new", "repeat", "loyal"))
SILENT = frozenset(("at_risk", "churned"))


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


def stage_at(customer: Customer, at: int, touch: Touch, policy: Policy, day_ms: int) -> Stage:
    """The stage that holds at an instant.

    Silence is left only by an order, or when an order is undone: a ticket that is solved does not bring anyone back.
    """
    purchases = customer.purchases
    orders = purchases.count()
    if not orders:
        return Stage("prospect", "orders 0 < 1")
    latched = customer.stage if customer.stage in SILENT and touch is Touch.NONE else None
    limits = patience(customer, policy, day_ms)
    silence = at - (purchases.last() or 0)
    for name, limit in (("churned", limits.churned), ("at_risk", limits.at_risk)):
        if latched == name:
            return Stage(name, customer.why)
        why = _silent(customer, at, silence, limit, limits.why, policy, day_ms)
        if why:
            return Stage(name, why)
    heard = f"recency_days {silence / day_ms:.1f} < {limits.at_risk / day_ms:.1f}; " if customer.stage in SILENT else ""
    if orders == 1:
        return Stage("new", f"{heard}orders 1 < 2" if touch is Touch.UNDONE else f"{heard}orders 1 >= 1")
    return Stage("loyal" if customer.loyal_since is not None else "repeat", f"{heard}orders {orders} >= 2")


def _silent(
    customer: Customer, at: int, silence: int, limit: int, reason: str, policy: Policy, day_ms: int
) -> str | None:
    if silence >= limit:
        return f"recency_days {silence / day_ms:.1f} >= {limit / day_ms:.1f} ({reason})"
    short = shortened(limit, policy)
    if silence >= short:
        displeased = reason_at(displeasures(customer, policy, day_ms), at)
        if displeased is not None:
            return (
                f"recency_days {silence / day_ms:.1f} >= {short / day_ms:.1f} "
                f"({reason}, {limit / day_ms:.1f} shortened by support: {displeased.why})"
            )
    return None


def silence_deadline(customer: Customer, at: int, policy: Policy, day_ms: int) -> tuple[str, int] | None:
    """The next stage of silence and its instant, if nothing happens until then."""
    last = customer.purchases.last()
    if last is None or customer.stage not in ACTIVE | {"at_risk"}:
        return None
    limits: Patience = patience(customer, policy, day_ms)
    reasons = displeasures(customer, policy, day_ms)
    name, limit = ("churned", limits.churned) if customer.stage == "at_risk" else ("at_risk", limits.at_risk)
    return name, first_silent(last, limit, reasons, policy, at)


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
