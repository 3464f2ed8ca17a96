"""Patience: how long this customer may be silent before it means something."""

from dataclasses import dataclass

from state.bgnbd import idle_until
from state.customer import Customer
from state.policy import Fixed, Policy, Rhythm


@dataclass(frozen=True, slots=True)
class Patience:
    """Silences in ms that make a customer ``at_risk`` and ``churned``, and in words where they come from."""

    at_risk: int
    churned: int
    why: str


@dataclass(frozen=True, slots=True)
class Displeasure:
    """Why support shortens the patience, from which instant, and until when (None: until it is mended)."""

    begins: int
    ends: int | None
    why: str


def patience(customer: Customer, policy: Policy, day_ms: int) -> Patience:
    """The patience with a customer who has an order that stands, as long as support gives no reason to shorten it."""
    lifecycle = policy.lifecycle
    purchases = customer.purchases
    orders = purchases.count()
    if orders < 2:
        days, churn_days = lifecycle.one_time_patience_days, lifecycle.one_time_churn_days
        return Patience(int(days * day_ms), int(churn_days * day_ms), "one order")
    rule = lifecycle.patience
    if isinstance(rule, Fixed):
        return Patience(int(rule.days * day_ms), int(rule.churn_days * day_ms), "fixed")
    span = (purchases.last() or 0) - (purchases.first() or 0)
    shortest, longest = int(rule.min_days * day_ms), int(rule.max_days * day_ms)
    if isinstance(rule, Rhythm):
        at_risk = min(max(int(rule.multiple * span / (orders - 1)), shortest), longest)
        gap = span / (orders - 1) / day_ms
        return Patience(at_risk, int(at_risk * rule.churn_multiple), f"{rule.multiple:g} x mean gap {gap:.1f}")
    unit = rule.unit_days * day_ms
    idle, churn_idle = (
        min(
            max(
                int(unit * idle_until(p, orders - 1, span / unit, rule.r, rule.alpha, rule.a, rule.b)),
                shortest,
            ),
            most,
        )
        for p, most in ((rule.limit, longest), (rule.churn_limit, 2 * longest))
    )
    return Patience(idle, max(churn_idle, idle + 1), f"P(alive) falls to {rule.limit:g}")


def displeasures(customer: Customer, policy: Policy, day_ms: int) -> list[Displeasure]:
    """The reasons that support gives, as intervals of time: a bad last rating, and a ticket open too long."""
    rules = policy.lifecycle.support
    support = customer.support
    found: list[Displeasure] = []
    if rules is None:
        return found
    if support.last_rating is not None and support.last_rating <= rules.bad_rating:
        ends = support.rated_at + int(rules.rating_counts_days * day_ms)
        found.append(Displeasure(support.rated_at, ends, f"rating {support.last_rating} <= {rules.bad_rating}"))
    oldest = support.oldest_open()
    if oldest is not None:
        begins = oldest + int(rules.open_days * day_ms)
        found.append(Displeasure(begins, None, f"a ticket open for {rules.open_days:g} days"))
    return found


def shortened(silence: int, policy: Policy) -> int:
    """A silence limit under a bad support experience, in ms."""
    rules = policy.lifecycle.support
    return silence if rules is None else int(silence * rules.shorten_to)


def first_silent(last: int, limit: int, reasons: list[Displeasure], policy: Policy, now: int) -> int:
    """The first instant, ``now`` or later, at which the silence since ``last`` is over its limit."""
    instants = [max(last + limit, now)]
    for reason in reasons:
        begins = max(last + shortened(limit, policy), reason.begins, now)
        if reason.ends is None or begins < reason.ends:
            instants.append(begins)
    return min(instants)


def reason_at(reasons: list[Displeasure], at: int) -> Displeasure | None:
    """The support reason that holds at an instant, if there is one."""
    return next((it for it in reasons if it.begins <= at and (it.ends is None or at < it.ends)), None)
