"""Patience: how long a customer may be silent before the silence changes their stage."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from state.bgnbd import idle_until
from state.customer.customer import Customer
from state.policy.lifecycle_shape import Fixed, PAlive, Rhythm
from state.policy.shape import Policy

LongSilence = Literal["at_risk", "churned"]


class SilenceLimits(NamedTuple):
    """The silences in ms after which a customer is ``at_risk`` and ``churned``.

    ``rule`` is the policy's rule that they follow from, None for the limits of one-time buyers. The rest is for those
    who ask why: the time from the first purchase occasion to the last with the number of ``repeats``, the limits that
    the rule gives without its bounds (``free_...``), and the churn limit before the least time at risk.
    """

    at_risk: int
    churned: int
    rule: Rhythm | Fixed | PAlive | None
    span: int = 0
    repeats: int = 0
    free_at_risk: int = 0
    free_churned: int = 0
    bounded_churned: int = 0

    def of(self, stage: LongSilence) -> int:
        """Return the limit of a stage."""
        return self.at_risk if stage == "at_risk" else self.churned


class Displeasure(NamedTuple):
    """A support experience that shortens the limits: a bad rating, which has an end, or an open ticket (None)."""

    begins: int
    ends: int | None


class PatienceRules:
    """The silence limits of customers under one policy.

    ``day_ms`` is the length of a day, ``open_ms`` how long a ticket may be open before it displeases.
    """

    def __init__(self, policy: Policy, day_ms: int) -> None:
        lifecycle = policy.lifecycle
        self.day_ms = day_ms
        self.lifecycle = lifecycle
        self._rule = lifecycle.patience
        self.support = lifecycle.support
        self.open_ms = 0 if lifecycle.support is None else int(lifecycle.support.open_days * day_ms)
        self._one_time = self._in_days(lifecycle.one_time_patience_days, lifecycle.one_time_churn_days, None)
        rule = lifecycle.patience
        if isinstance(rule, Fixed):
            self._fixed = self._in_days(rule.days, rule.churn_days, rule)
        else:
            self._min, self._max = int(rule.min_days * day_ms), int(rule.max_days * day_ms)
            self._least_at_risk = max(int(rule.min_at_risk_days * day_ms), 1) if isinstance(rule, PAlive) else 0

    def limits_of(self, customer: Customer) -> SilenceLimits:
        """Return the limits of a customer, as they are while support does not shorten them."""
        purchases = customer.purchases
        repeats = purchases.occasions - 1
        if repeats < 1:
            return self._one_time
        rule = self._rule
        if isinstance(rule, Fixed):
            return self._fixed
        span = purchases.occasion_at - (purchases.first() or 0)
        shortest, longest = self._min, self._max
        if isinstance(rule, Rhythm):
            free = int(rule.multiple * span / repeats)
            at_risk = min(max(free, shortest), longest)
            return SilenceLimits(at_risk, int(at_risk * rule.churn_multiple), rule, span, repeats, free)
        unit = rule.unit_days * self.day_ms
        # The model counts from the last occasion, a silence from the last order.
        since_occasion = (purchases.last() or 0) - purchases.occasion_at

        def silence(p: float) -> int:
            idle = idle_until(p, repeats, span / unit, r=rule.r, alpha=rule.alpha, a=rule.a, b=rule.b)
            return int(unit * idle) - since_occasion

        free, free_churned = silence(rule.limit), silence(rule.churn_limit)
        at_risk = min(max(free, shortest), longest)
        bounded = min(max(free_churned, shortest), 2 * longest)
        churned = max(bounded, at_risk + self._least_at_risk)
        return SilenceLimits(at_risk, churned, rule, span, repeats, free, free_churned, bounded)

    def displeasures(self, customer: Customer) -> Sequence[Displeasure]:
        """Return what shortens the limits: a bad last rating, and a ticket that is open for too long."""
        rules, support = self.support, customer.support
        if rules is None or (support.last_rating is None and not support.open):
            return ()
        found: list[Displeasure] = []
        if support.last_rating is not None and support.last_rating <= rules.bad_rating:
            ends = support.rated_at + int(rules.rating_counts_days * self.day_ms)
            found.append(Displeasure(support.rated_at, ends))
        oldest = support.oldest_open()
        if oldest is not None:
            found.append(Displeasure(oldest + self.open_ms, None))
        return found

    def shortened(self, limit: int) -> int:
        """Return a silence limit as it is under a displeasure, in ms."""
        return limit if self.support is None else int(limit * self.support.shorten_to)

    def reached_at(self, last: int, limit: int, displeasures: Sequence[Displeasure], now: int) -> int:
        """Return the first instant, ``now`` or later, at which the silence since ``last`` reaches its limit."""
        first = max(last + limit, now)
        for displeasure in displeasures:
            begins = max(last + self.shortened(limit), displeasure.begins, now)
            if displeasure.ends is None or begins < displeasure.ends:
                first = min(first, begins)
        return first

    def _in_days(self, at_risk: float, churned: float, rule: Fixed | None) -> SilenceLimits:
        return SilenceLimits(int(at_risk * self.day_ms), int(churned * self.day_ms), rule)


def displeasure_at(displeasures: Sequence[Displeasure], at: int) -> Displeasure | None:
    """Return the first displeasure that holds at an instant, or None."""
    for displeasure in displeasures:
        if displeasure.begins <= at and (displeasure.ends is None or at < displeasure.ends):
            return displeasure
    return None
