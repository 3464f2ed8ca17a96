"""The lifecycle: which stage holds, how the transition into it is named, and which stage follows by itself."""

from typing import NamedTuple

from state.customer.apply_event import OrderEffect
from state.customer.customer import EXCLUDED, Customer
from state.rules.patience import PatienceRules, SilenceLimits, SilentStage, displeasure_at
from state.rules.silence_reason import SilenceReasons

ACTIVE = frozenset(("new", "repeat", "loyal"))
SILENT_STAGES: tuple[SilentStage, SilentStage] = ("churned", "at_risk")
SILENT = frozenset(SILENT_STAGES)
LOYALTY_DECIDES = frozenset(("repeat", "loyal"))
INCLUDED = "included"
"""The transition of a customer that counts again."""
WAITING = ACTIVE | {"at_risk"}


class Stage(NamedTuple):
    """A stage, and the values that meet its limits.

    For a stage that held before, ``why`` is empty, or the reason as it is stored, in short.
    """

    name: str
    why: str


def stage_at(customer: Customer, at: int, effect: OrderEffect, limits: SilenceLimits, patience: PatienceRules) -> Stage:
    """Return the stage that holds at ``at``, after an event with this effect; ``limits`` are the customer's.

    Only an order, or the undoing of one, ends a silent stage: a solved ticket or a longer limit does not.
    """
    purchases = customer.purchases
    occasions = purchases.occasions
    if not occasions:
        return Stage("prospect", "orders 0 < 1")
    latched = customer.stage if customer.stage in SILENT and effect is OrderEffect.NONE else None
    silence = at - (purchases.last() or 0)
    for stage in SILENT_STAGES:
        if latched == stage:
            return Stage(stage, customer.why)
        if silence >= patience.shortened(limits.of(stage)):
            reasons = SilenceReasons(customer, at, limits, patience)
            if why := reasons.reached(stage):
                was_churned = customer.stage == "churned" and stage == "at_risk"
                return Stage(stage, f"{reasons.below('churned')}; {why}" if was_churned else why)
    name = "new" if occasions == 1 else "repeat" if customer.loyal_since is None else "loyal"
    if name == customer.stage:
        return Stage(name, "")
    return Stage(name, _why_active(customer, occasions, effect, SilenceReasons(customer, at, limits, patience)))


def _why_active(customer: Customer, occasions: int, effect: OrderEffect, reasons: SilenceReasons) -> str:
    if occasions > 1:
        count = f"occasions {occasions} >= 2"
    else:
        count = "occasions 1 < 2" if effect is OrderEffect.UNDONE else "occasions 1 >= 1"
    return f"{reasons.below('at_risk')}; {count}" if customer.stage in SILENT else count


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
    ``won_back``, or ``reverted`` where an order was undone; ``included`` for who counts again.
    """
    if from_ == EXCLUDED:
        return INCLUDED
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
