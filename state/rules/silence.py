"""Silence: which limit the time since a customer's last order has reached, why, and when it reaches the next one."""

from collections.abc import Iterator

from state.customer.apply_event import OrderEffect
from state.customer.customer import Customer
from state.customer.silence import NO_SILENCE, SILENCES, Silence
from state.rules.patience import LongSilence, PatienceRules, SilenceLimits, displeasure_at
from state.rules.silence_reason import SilenceReasons

_LONGEST_FIRST: tuple[LongSilence, LongSilence] = ("churned", "at_risk")


def silence_at(
    customer: Customer, at: int, effect: OrderEffect, limits: SilenceLimits, patience: PatienceRules
) -> Silence:
    """Return the silence at ``at``, after an event with this effect; ``limits`` are the customer's.

    Only an order, or the undoing of one, ends a silence: a solved ticket or a longer limit does not.
    """
    purchases = customer.purchases
    if not purchases.occasions:
        return NO_SILENCE
    latched = customer.silence if effect is OrderEffect.NONE else NO_SILENCE
    since = at - (purchases.last() or 0)
    for silence in _LONGEST_FIRST:
        if latched == silence:
            return silence
        limit = limits.of(silence)
        if since >= patience.shortened(limit) and (
            since >= limit or displeasure_at(patience.displeasures(customer), at) is not None
        ):
            return silence
    return NO_SILENCE


def why_silence(
    customer: Customer, before: Silence, at: int, limits: SilenceLimits, patience: PatienceRules
) -> Iterator[str]:
    """Yield why the silence is another one than ``before``, in parts; nothing for who has no order."""
    if not customer.purchases.occasions:
        return
    reasons = SilenceReasons(customer, at, limits, patience)
    silence = customer.silence
    if silence == "none":
        yield reasons.below("at_risk")
    else:
        if before == "churned":
            yield reasons.below("churned")
        yield reasons.reached(silence)


def is_longer(silence: Silence, other: Silence) -> bool:
    """Tell whether a silence is longer than another one."""
    return SILENCES.index(silence) > SILENCES.index(other)


def silence_deadline(
    customer: Customer, at: int, limits: SilenceLimits, patience: PatienceRules
) -> tuple[LongSilence, int] | None:
    """Return the silence that comes next and its instant, if nothing happens until then; None if none comes."""
    last = customer.purchases.last()
    if last is None or customer.silence == "churned":
        return None
    displeasures = patience.displeasures(customer)
    churned = patience.reached_at(last, limits.churned, displeasures, at)
    if customer.silence == "at_risk":
        return "churned", churned
    at_risk = patience.reached_at(last, limits.at_risk, displeasures, at)
    return ("churned", churned) if churned <= at_risk else ("at_risk", at_risk)


def patience_days(customer: Customer, at: int, limits: SilenceLimits, patience: PatienceRules) -> float:
    """Return the silence in days after which a customer with an order is at risk, as it is at ``at``."""
    displeasure = displeasure_at(patience.displeasures(customer), at)
    at_risk = limits.at_risk if displeasure is None else patience.shortened(limits.at_risk)
    return round(at_risk / patience.day_ms, 4)
