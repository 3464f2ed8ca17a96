"""The lifecycle: the step that a customer takes to another stage, by an event or by time alone."""

from collections.abc import Callable, Container, Sequence

from schemas.change import Cause, Change
from state.customer.apply_event import OrderEffect
from state.customer.customer import EXCLUDED, Customer
from state.customer.short_reason import shortened
from state.customer.silence import Silence
from state.rules.decision import ReasonedChange
from state.rules.exclusion import Exclusion
from state.rules.patience import PatienceRules, SilenceLimits
from state.rules.silence import is_longer, silence_at, why_silence
from state.rules.stages import Stages

PATIENCE = Cause(kind="deadline", name="patience")
CHURN = Cause(kind="deadline", name="churn")
LOYALTY = Cause(kind="deadline", name="loyalty")
STAGE = Cause(kind="deadline", name="stage")

CauseOf = Callable[[], Cause]
"""Makes the cause, which is only needed where something changes."""


class Lifecycle:
    """The silence and the stage of customers; stays in the ``remembered`` stages are remembered when they end."""

    def __init__(
        self, stages: Stages, patience: PatienceRules, exclusion: Exclusion, remembered: Container[str]
    ) -> None:
        self._stages = stages
        self._patience = patience
        self._exclusion = exclusion
        self._remembered = remembered

    def decide(
        self,
        customer: Customer,
        at: int,
        effect: OrderEffect,
        limits: SilenceLimits,
        loyal_why: str,
        cause: CauseOf | None,
    ) -> list[ReasonedChange]:
        """Set silence and stage as they are from ``at`` on, loyalty being decided, and return the step if there is one.

        ``loyal_why`` is why loyalty has changed, empty if it has not; ``cause`` is None at a deadline.
        """
        before = customer.silence
        customer.silence = silence_at(customer, at, effect, limits, self._patience)
        stage = self._stages.fitting(customer, at)
        if stage == customer.stage:
            return []
        more_silent = is_longer(customer.silence, before)
        why = self._why(customer, at, stage, effect, before, limits, loyal_why)
        change = Change(
            at=at,
            key=None,
            name=self._stages.name(customer.stage, stage, effect, more_silent=more_silent),
            from_=customer.stage,
            to=stage,
            cause=_deadline(customer.silence if more_silent else None, loyal_why) if cause is None else cause(),
        )
        customer.enter_stage(stage, at, self._remembered)
        customer.why = shortened(why)
        customer.cause = change.cause.message_id or change.cause.name
        return [ReasonedChange(change, why)]

    def _why(
        self,
        customer: Customer,
        at: int,
        stage: str,
        effect: OrderEffect,
        before: Silence,
        limits: SilenceLimits,
        loyal_why: str,
    ) -> str:
        silence_why: Sequence[str] = ()
        if customer.silence != before and self._stages.reads_silence(customer.stage, stage):
            silence_why = [*why_silence(customer, before, at, limits, self._patience)]
        why = self._stages.why(customer, at, stage, effect, silence_why, loyal_why)
        return f"{self._exclusion.why_included(customer, at)}; {why}" if customer.stage == EXCLUDED else why


def _deadline(reached: Silence | None, loyal_why: str) -> Cause:
    """Return the deadline by which a stage changed: a silence limit that was reached, loyalty, or a condition."""
    if reached is not None:
        return PATIENCE if reached == "at_risk" else CHURN
    return LOYALTY if loyal_why else STAGE
