"""Patience: how long this customer may be silent before it means something."""

from dataclasses import dataclass
from typing import NamedTuple

from state.bgnbd import idle_until
from state.customer import Customer
from state.policy.shape import Fixed, PAlive, Policy, Rhythm


class Patience(NamedTuple):
    """Silences in ms that make a customer ``at_risk`` and ``churned``, and the rule that they come from."""

    at_risk: int
    churned: int
    rule: Rhythm | Fixed | PAlive | None
    gap: float

    def why(self, day_ms: int) -> str:
        """Where the silences come from, in words."""
        if self.rule is None:
            return "one order"
        if isinstance(self.rule, Fixed):
            return "fixed"
        if isinstance(self.rule, Rhythm):
            return f"{self.rule.multiple:g} x mean gap {self.gap / day_ms:.1f}"
        return f"P(alive) falls to {self.rule.limit:g}"


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
        return Patience(int(days * day_ms), int(churn_days * day_ms), None, 0.0)
    rule = lifecycle.patience
    if isinstance(rule, Fixed):
        return Patience(int(rule.days * day_ms), int(rule.churn_days * day_ms), rule, 0.0)
    span = (purchases.last() or 0) - (purchases.first() or 0)
    shortest, longest = int(rule.min_days * day_ms), int(rule.max_days * day_ms)
    if isinstance(rule, Rhythm):
        at_risk = min(max(int(rule.multiple * span / (orders - 1)), shortest), longest)
        return Patience(at_risk, int(at_risk * rule.churn_multiple), rule, span / (orders - 1))
    unit = rule.unit_days * day_ms
    idle, churn_idle = (
        min(max(int(unit * idle_until(p, orders - 1, span / unit, rule.r, rule.alpha, rule.a, rule.b)), shortest), most)
        for p, most in ((rule.limit, longest), (rule.churn_limit, 2 * longest))
    )
    return Patience(idle, max(churn_idle, idle + 1), rule, 0.0)


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
    if not reasons:
        return max(last + limit, now)
    instants = [max(last + limit, now)]
    for reason in reasons:
        begins = max(last + shortened(limit, policy), reason.begins, now)
        if reason.ends is None or begins < reason.ends:
            instants.append(begins)
    return min(instants)


def reason_at(reasons: list[Displeasure], at: int) -> Displeasure | None:
    """The support reason that holds at an instant, if there is one."""
    return next((it for it in reasons if it.begins <= at and (it.ends is None or at < it.ends)), None)
