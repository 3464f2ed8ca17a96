"""Patience: how long this customer may be silent before it means something."""

from collections.abc import Sequence
from typing import NamedTuple

from state.bgnbd import idle_until
from state.customer.customer import Customer
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


class Displeasure(NamedTuple):
    """Why support shortens the patience, from which instant, and until when (None: until it is mended)."""

    begins: int
    ends: int | None
    why: str


class PatienceRules:
    """How long whom, under one policy; ``day_ms`` is the length of a day."""

    def __init__(self, policy: Policy, day_ms: int) -> None:
        lifecycle = policy.lifecycle
        self.day_ms = day_ms
        self._rule = lifecycle.patience
        self._support = lifecycle.support
        self._one_time = self._for_days(lifecycle.one_time_patience_days, lifecycle.one_time_churn_days, None)
        rule = lifecycle.patience
        if isinstance(rule, Fixed):
            self._fixed = self._for_days(rule.days, rule.churn_days, rule)
        else:
            self._shortest, self._longest = int(rule.min_days * day_ms), int(rule.max_days * day_ms)

    def of(self, customer: Customer) -> Patience:
        """The patience with one who has an order that stands, as long as support gives no reason to shorten it."""
        purchases = customer.purchases
        repeats = purchases.count() - 1
        if repeats < 1:
            return self._one_time
        rule = self._rule
        if isinstance(rule, Fixed):
            return self._fixed
        span = (purchases.last() or 0) - (purchases.first() or 0)
        shortest, longest = self._shortest, self._longest
        if isinstance(rule, Rhythm):
            at_risk = min(max(int(rule.multiple * span / repeats), shortest), longest)
            return Patience(at_risk, int(at_risk * rule.churn_multiple), rule, span / repeats)
        unit = rule.unit_days * self.day_ms
        idle, churn_idle = (
            min(
                max(int(unit * idle_until(p, repeats, span / unit, rule.r, rule.alpha, rule.a, rule.b)), shortest), most
            )
            for p, most in ((rule.limit, longest), (rule.churn_limit, 2 * longest))
        )
        return Patience(idle, max(churn_idle, idle + 1), rule, 0.0)

    def displeasures(self, customer: Customer) -> Sequence[Displeasure]:
        """The reasons that support gives, as intervals of time: a bad last rating, and a ticket open too long."""
        rules, support = self._support, customer.support
        if rules is None or (support.last_rating is None and not support.open):
            return ()
        found: list[Displeasure] = []
        if support.last_rating is not None and support.last_rating <= rules.bad_rating:
            ends = support.rated_at + int(rules.rating_counts_days * self.day_ms)
            found.append(Displeasure(support.rated_at, ends, f"rating {support.last_rating} <= {rules.bad_rating}"))
        oldest = support.oldest_open()
        if oldest is not None:
            begins = oldest + int(rules.open_days * self.day_ms)
            found.append(Displeasure(begins, None, f"a ticket open for {rules.open_days:g} days"))
        return found

    def shortened(self, silence: int) -> int:
        """A silence limit under a bad support experience, in ms."""
        return silence if self._support is None else int(silence * self._support.shorten_to)

    def first_silent(self, last: int, limit: int, reasons: Sequence[Displeasure], now: int) -> int:
        """The first instant, ``now`` or later, at which the silence since ``last`` is over its limit."""
        first = max(last + limit, now)
        for reason in reasons:
            begins = max(last + self.shortened(limit), reason.begins, now)
            if reason.ends is None or begins < reason.ends:
                first = min(first, begins)
        return first

    def _for_days(self, days: float, churn_days: float, rule: Fixed | None) -> Patience:
        return Patience(int(days * self.day_ms), int(churn_days * self.day_ms), rule, 0.0)


def reason_at(reasons: Sequence[Displeasure], at: int) -> Displeasure | None:
    """The support reason that holds at an instant, if there is one."""
    for reason in reasons:
        if reason.begins <= at and (reason.ends is None or at < reason.ends):
            return reason
    return None
