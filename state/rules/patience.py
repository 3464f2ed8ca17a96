"""Patience: how long a customer may be silent before the silence changes their stage."""

from collections.abc import Sequence
from typing import NamedTuple

from state.bgnbd import idle_until
from state.customer.customer import Customer
from state.policy.shape import Fixed, PAlive, Policy, Rhythm


class SilenceLimits(NamedTuple):
    """The silences in ms after which a customer is ``at_risk`` and ``churned``.

    ``rule`` is the policy's rule that they follow from, None for the limits of one-time buyers; ``gap`` is the mean
    time between the customer's orders in ms, 0 where the rule does not use it.
    """

    at_risk: int
    churned: int
    rule: Rhythm | Fixed | PAlive | None
    gap: float

    def origin(self, day_ms: int) -> str:
        """Return in words what the limits follow from."""
        if self.rule is None:
            return "one order"
        if isinstance(self.rule, Fixed):
            return "fixed"
        if isinstance(self.rule, Rhythm):
            return f"{self.rule.multiple:g} x mean gap {self.gap / day_ms:.1f}"
        return f"P(alive) falls to {self.rule.limit:g}"


class Displeasure(NamedTuple):
    """A support experience that shortens the limits, from ``begins`` on, before ``ends`` (None: until it is solved)."""

    begins: int
    ends: int | None
    why: str


class PatienceRules:
    """The silence limits of customers under one policy; ``day_ms`` is the length of a day."""

    def __init__(self, policy: Policy, day_ms: int) -> None:
        lifecycle = policy.lifecycle
        self.day_ms = day_ms
        self._rule = lifecycle.patience
        self._support = lifecycle.support
        self._one_time = self._in_days(lifecycle.one_time_patience_days, lifecycle.one_time_churn_days, None)
        rule = lifecycle.patience
        if isinstance(rule, Fixed):
            self._fixed = self._in_days(rule.days, rule.churn_days, rule)
        else:
            self._min, self._max = int(rule.min_days * day_ms), int(rule.max_days * day_ms)

    def limits_of(self, customer: Customer) -> SilenceLimits:
        """Return the limits of a customer with at least one order, as they are while support does not shorten them."""
        purchases = customer.purchases
        repeats = purchases.count() - 1
        if repeats < 1:
            return self._one_time
        rule = self._rule
        if isinstance(rule, Fixed):
            return self._fixed
        span = (purchases.last() or 0) - (purchases.first() or 0)
        shortest, longest = self._min, self._max
        if isinstance(rule, Rhythm):
            at_risk = min(max(int(rule.multiple * span / repeats), shortest), longest)
            churned = int(at_risk * rule.churn_multiple)
            return SilenceLimits(at_risk, churned, rule, gap=span / repeats)
        unit = rule.unit_days * self.day_ms

        def silence(p: float, upper: int) -> int:
            idle = idle_until(p, repeats, span / unit, r=rule.r, alpha=rule.alpha, a=rule.a, b=rule.b)
            return min(max(int(unit * idle), shortest), upper)

        at_risk, churned = silence(rule.limit, longest), silence(rule.churn_limit, 2 * longest)
        return SilenceLimits(at_risk, max(churned, at_risk + 1), rule, gap=0.0)

    def displeasures(self, customer: Customer) -> Sequence[Displeasure]:
        """Return what shortens the limits: a bad last rating, and a ticket that is open for too long."""
        rules, support = self._support, customer.support
        if rules is None or (support.last_rating is None and not support.open):
            return ()
        found: list[Displeasure] = []
        if support.last_rating is not None and support.last_rating <= rules.bad_rating:
            ends = support.rated_at + int(rules.rating_counts_days * self.day_ms)
            found.append(Displeasure(support.rated_at, ends, f"rating {support.last_rating} <= {rules.bad_rating:g}"))
        oldest = support.oldest_open()
        if oldest is not None:
            begins = oldest + int(rules.open_days * self.day_ms)
            found.append(Displeasure(begins, None, f"a ticket open for {rules.open_days:g} days"))
        return found

    def shortened(self, limit: int) -> int:
        """Return a silence limit as it is under a displeasure, in ms."""
        return limit if self._support is None else int(limit * self._support.shorten_to)

    def reached_at(self, last: int, limit: int, displeasures: Sequence[Displeasure], now: int) -> int:
        """Return the first instant, ``now`` or later, at which the silence since ``last`` reaches its limit."""
        first = max(last + limit, now)
        for displeasure in displeasures:
            begins = max(last + self.shortened(limit), displeasure.begins, now)
            if displeasure.ends is None or begins < displeasure.ends:
                first = min(first, begins)
        return first

    def _in_days(self, at_risk: float, churned: float, rule: Fixed | None) -> SilenceLimits:
        return SilenceLimits(int(at_risk * self.day_ms), int(churned * self.day_ms), rule, gap=0.0)


def displeasure_at(displeasures: Sequence[Displeasure], at: int) -> Displeasure | None:
    """Return the first displeasure that holds at an instant, or None."""
    for displeasure in displeasures:
        if displeasure.begins <= at and (displeasure.ends is None or at < displeasure.ends):
            return displeasure
    return None
