"""The reasons of silence: which limit a silence has reached or not, and what that limit follows from.

A limit is followed, in brackets, by where it comes from. After a comma comes where the last number before it comes
from. Section 10 of docs/semantics.md has the grammar.
"""

from collections.abc import Iterator

from state.conditions.exact_number import exact
from state.conditions.printed import Quotient, Side, compared, number, written
from state.conditions.signs import Sign
from state.customer.customer import Customer
from state.policy.lifecycle_shape import Fixed, PAlive, Rhythm, SupportRules
from state.rules.patience import Displeasure, LongSilence, SilenceLimits, displeasure_at


class SilenceReasons:
    """The reasons of one customer's silence at an instant; the customer has an order."""

    def __init__(self, customer: Customer, at: int, limits: SilenceLimits) -> None:
        self._customer = customer
        self._at = at
        self._limits = limits
        self._patience = limits.patience
        self._silence = at - (customer.purchases.last() or 0)
        self._displeasure = displeasure_at(limits.patience.displeasures(customer), at)

    def reached(self, stage: LongSilence) -> str:
        """Return why the limit of this stage is reached; empty if it is not."""
        limit = self._limits.of(stage)
        if self._silence >= limit:
            return self._compared(">=", stage, limit)
        if self._displeasure is not None and self._silence >= self._patience.shortened(limit):
            return self._shortened(">=", stage, limit, self._displeasure)
        return ""

    def below(self, stage: LongSilence) -> str:
        """Return why the limit of this stage is not reached, which it must not be."""
        limit = self._limits.of(stage)
        if self._displeasure is None:
            return self._compared("<", stage, limit)
        return self._shortened("<", stage, limit, self._displeasure)

    def _compared(self, sign: Sign, stage: LongSilence, limit: int) -> str:
        return f"{self._against(sign, limit)} ({', '.join(self._origins(stage))})"

    def _shortened(self, sign: Sign, stage: LongSilence, limit: int, displeasure: Displeasure) -> str:
        support = self._patience.support
        assert support is not None
        factor = f"shorten_to {written(support.shorten_to)} x {number(self._days(limit))}"
        origin = ", ".join((factor, *self._origins(stage)))
        against = f"{self._against(sign, self._patience.shortened(limit))} ({origin})"
        return "; ".join((against, *self._displeased(displeasure, support)))

    def _displeased(self, displeasure: Displeasure, support: SupportRules) -> Iterator[str]:
        rating = self._customer.support.last_rating
        if displeasure.ends is None:
            opened = displeasure.begins - self._patience.open_ms
            yield self._duration("oldest_ticket_days", opened, ">=", displeasure.begins, "open_days", support.open_days)
        elif rating is not None:
            bad = written(support.bad_rating)
            yield f"last_rating {written(rating)} <= {bad} (bad_rating {bad})"
            rated, days = self._customer.support.rated_at, support.rating_counts_days
            yield self._duration("days_since_rating", rated, "<", displeasure.ends, "rating_counts_days", days)

    def _duration(self, name: str, since: int, sign: Sign, until: int, key: str, days: float) -> str:
        sides = Side(name, self._days(self._at - since)), Side("", self._days(until - since))
        return f"{compared(sides[0], sign, sides[1])} ({key} {written(days)})"

    def _against(self, sign: Sign, limit: int) -> str:
        return compared(Side("days_since_order", self._days(self._silence)), sign, Side("", self._days(limit)))

    def _origins(self, stage: LongSilence) -> Iterator[str]:
        limits, lifecycle = self._limits, self._patience.lifecycle
        match limits.rule:
            case None if stage == "at_risk":
                yield f"one_time_patience_days {written(lifecycle.one_time_patience_days)}"
            case None:
                yield f"one_time_churn_days {written(lifecycle.one_time_churn_days)}"
            case Fixed(days, churn_days):
                yield f"days {written(days)}" if stage == "at_risk" else f"churn_days {written(churn_days)}"
            case Rhythm() as rule:
                if stage == "churned":
                    yield f"churn_multiple {written(rule.churn_multiple)} x {number(self._days(limits.at_risk))}"
                yield from self._bounded(limits.free_at_risk, rule, twice=False)
                gap = number(Quotient(limits.span, limits.repeats * self._patience.day_ms))
                yield f"multiple {written(rule.multiple)} x mean_gap_days {gap}"
            case PAlive() as rule if stage == "at_risk":
                yield from self._bounded(limits.free_at_risk, rule, twice=False)
                yield f"p_alive falls to limit {written(rule.limit)}"
            case PAlive() as rule:
                if limits.churned > limits.bounded_churned:
                    at_risk, bounded = number(self._days(limits.at_risk)), self._days(limits.bounded_churned)
                    sum_ = f"{at_risk} + min_at_risk_days {written(rule.min_at_risk_days)} ="
                    yield compared(Side(sum_, self._days(limits.churned)), ">=", Side("", bounded))
                yield from self._bounded(limits.free_churned, rule, twice=True)
                yield f"p_alive falls to churn_limit {written(rule.churn_limit)}"

    def _bounded(self, free: int, rule: Rhythm | PAlive, twice: bool) -> Iterator[str]:
        """Yield which bound took the place of ``free``, if one did; the greater one is twice ``max_days`` for churn."""
        without = self._days(free)
        least, most = exact(rule.min_days), exact(rule.max_days)
        if free <= int(rule.min_days * self._patience.day_ms):
            yield compared(Side(f"min_days {written(rule.min_days)}", least, True), ">=", Side("", without))
        elif most * (1 + twice) * self._patience.day_ms <= free:
            bound = Side(f"{'2 x ' * twice}max_days {written(rule.max_days)}", most * (1 + twice), True)
            yield compared(bound, "<=", Side("", without))

    def _days(self, ms: int) -> Quotient:
        return Quotient(ms, self._patience.day_ms)
