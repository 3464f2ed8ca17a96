"""The rules by which events are read under a policy."""

from schemas.intake import Intake
from schemas.money import Exchange
from schemas.trait_types import TraitTypes
from state.policy.compiled import CompiledPolicy


def intake_of(compiled: CompiledPolicy, exchange: Exchange, trait_types: TraitTypes) -> Intake:
    """Return how events are read under a policy."""
    policy = compiled.policy
    return Intake(
        exchange,
        policy.intake.not_customers,
        policy.intake.rating_scale,
        compiled.named,
        trait_types if policy.trait_types else None,
        policy.subject == "account",
        [it.key for it in compiled.segments],
    )
