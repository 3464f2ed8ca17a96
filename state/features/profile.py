"""The builder of profiles: a customer at an instant, read from the features without changing anything."""

from schemas import instant
from schemas.instant import when
from schemas.profile import Figure, Profile, StepStanding
from state.conditions.catalogue import Catalogue
from state.customer.customer import Customer
from state.customer.short_reason import in_full
from state.policy.compiled import CompiledPolicy

_NOT_FIGURES = frozenset(("stage", "previous_stage", "silence", "loyal", "kind", "categories", "holdout"))


def build_profile(customer: Customer, *, user_id: str, seq: int, at: int, compiled: CompiledPolicy) -> Profile:
    """Return the profile of a customer at ``at`` (ms since 1970, not before their last decision)."""
    at = max(at, customer.at)
    figures: dict[str, Figure] = {}
    windows: dict[str, Figure] = {}
    catalogue = compiled.catalogue
    day = catalogue.day_of(at)
    for name, feature in catalogue.features.items():
        if name in _NOT_FIGURES:
            continue
        value = _rounded(feature.formula.value(customer, at, day))
        (figures if feature.window is None or name.endswith("_score") else windows)[name] = value
    figures["loyal"] = customer.loyal_since is not None
    figures["categories"] = ", ".join(customer.purchases.categories())
    return Profile(
        user_id=user_id,
        stage=customer.stage,
        since=instant.to_text(customer.since),
        why=in_full(customer.why),
        cause=customer.cause,
        previous_stage=customer.previous_stage,
        previous_since=when(customer.previous_since),
        segments={key: instant.to_text(entered) for key, entered in sorted(customer.memberships.items())},
        steps=_steps(customer, compiled),
        figures=figures,
        windows=windows,
        holdout=None if (holdout := compiled.policy.holdout) is None else holdout.has(user_id),
        measures={it.name: it.value(customer, at) for it in compiled.measures},
        traits=customer.traits,
        next_transition=customer.expected,
        next_at=when(customer.expected_at),
        as_of=instant.to_text(at),
        seq=seq,
        policy_version=compiled.version,
    )


def figure_of(catalogue: Catalogue, name: str, customer: Customer, at: int) -> Figure:
    """Return one feature of a customer at ``at``, as a profile has it."""
    return _rounded(catalogue.features[name].formula.value(customer, at, catalogue.day_of(at)))


def _rounded(value: Figure) -> Figure:
    return round(value, 4) if isinstance(value, float) else value


def _steps(customer: Customer, compiled: CompiledPolicy) -> dict[str, StepStanding]:
    if not customer.steps:
        return {}
    names = {(ladder.key, it.key): it.name for ladder in compiled.ladders for it in ladder.steps}
    return {
        ladder: StepStanding(step, names.get((ladder, step), step), instant.to_text(entered))
        for ladder, (step, entered) in sorted(customer.steps.items())
    }
