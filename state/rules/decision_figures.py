"""The figures of a decision: the customer's standing at its instant, which each message carries."""

from collections.abc import Sequence

from schemas.change import MAX_SEGMENTS, Figures
from state.customer.customer import Customer
from state.customer.figures import average_order_value, mean_gap, time_since_order
from state.policy.shape import Holdout
from state.rules.decision import Decision, ReasonedChange
from state.rules.patience import SilenceLimits
from state.rules.silence import patience_days


class DecisionFigures:
    """The figures under a policy, whose currency has ``unit`` minor units and whose days have ``day_ms``."""

    def __init__(self, unit: int, day_ms: int, holdout: Holdout | None) -> None:
        self._unit = unit
        self._day_ms = day_ms
        self._holdout = holdout

    def add(
        self,
        customer: Customer,
        at: int,
        changes: Sequence[ReasonedChange],
        limits: SilenceLimits,
        decisions: list[Decision],
    ) -> None:
        """Append the changes with the customer's figures at ``at``."""
        purchases = customer.purchases
        orders = purchases.count()
        average = _rounded(average_order_value(purchases, self._unit))
        recency = _rounded(time_since_order(purchases, at, self._day_ms))
        gap = _rounded(mean_gap(purchases, self._day_ms))
        patience = patience_days(customer, at, limits) if orders else None
        segments = sorted(customer.memberships)
        steps = tuple([f"{ladder}:{step}" for ladder, (step, _) in sorted(customer.steps.items())])
        holdout = None if self._holdout is None else self._holdout.has(customer.user_id)
        for change, why, step_times in changes:
            figures = Figures(
                why=why,
                stage=customer.stage,
                orders=orders,
                revenue=purchases.revenue() / self._unit,
                average_order_value=average,
                recency_days=recency,
                mean_gap_days=gap,
                patience_days=patience,
                next_transition=customer.expected,
                next_at=customer.expected_at,
                segments=tuple(segments[:MAX_SEGMENTS]),
                segment_count=len(segments),
                previous_stage=customer.previous_stage,
                previous_stage_since=customer.previous_since,
                steps=steps,
                holdout=holdout,
                step_times=step_times,
                member_since=None if change.key is None else customer.memberships.get(change.key),
            )
            decisions.append(Decision(change, figures))


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)
