"""Profiles: a customer at an instant, read from the features without changing anything."""

from collections.abc import Callable, Sequence
from functools import cached_property

from schemas import instant
from schemas.instant import when
from schemas.profile import Figure, Profile, StepStanding
from state.conditions.codegen import CodeWriter
from state.conditions.nodes import FeatureRef
from state.customer.customer import Customer
from state.customer.short_reason import in_full
from state.policy.compiled import CompiledPolicy

_NOT_FIGURES = frozenset(("stage", "previous_stage", "silence", "loyal", "kind", "categories", "holdout"))
_DECIMALS = 4


class Profiles:
    """The profiles of customers under a policy. Instants are ms since 1970, not before the last decision."""

    def __init__(self, compiled: CompiledPolicy) -> None:
        self._compiled = compiled
        features = compiled.catalogue.features
        names = [it for it in features if it not in _NOT_FIGURES]
        self._windows = [it for it in names if features[it].window is not None and not it.endswith("_score")]
        windows = frozenset(self._windows)
        self._figures = [it for it in names if it not in windows]
        self._measures = {it.name: it for it in compiled.measures}
        self._steps = {(ladder.key, it.key): it.name for ladder in compiled.ladders for it in ladder.steps}

    def profile(self, customer: Customer, *, user_id: str, seq: int, at: int) -> Profile:
        """Return the profile of a customer at ``at``."""
        at = max(at, customer.at)
        values = [*map(_rounded, self._read(customer, at))]
        figures = dict(zip(self._figures, values, strict=False))
        figures["loyal"] = customer.loyal_since is not None
        figures["categories"] = _categories(customer)
        holdout = self._compiled.policy.holdout
        return Profile(
            user_id=user_id,
            stage=customer.stage,
            since=instant.to_text(customer.since),
            why=in_full(customer.why),
            cause=customer.cause,
            previous_stage=customer.previous_stage,
            previous_since=when(customer.previous_since),
            segments={key: instant.to_text(entered) for key, entered in sorted(customer.memberships.items())},
            steps=self._standings(customer),
            figures=figures,
            windows=dict(zip(self._windows, values[len(self._figures) :], strict=True)),
            holdout=None if holdout is None else holdout.has(user_id),
            measures={name: it.value(customer, at) for name, it in self._measures.items()},
            traits=customer.traits,
            next_transition=customer.expected,
            next_at=when(customer.expected_at),
            as_of=instant.to_text(at),
            seq=seq,
            policy_version=self._compiled.version,
        )

    def values(self, customer: Customer, at: int, names: Sequence[str]) -> dict[str, Figure]:
        """Return these features and measures of a customer at ``at``, as a profile has them."""
        at = max(at, customer.at)
        return {name: self._value(customer, at, name) for name in names}

    def _value(self, customer: Customer, at: int, name: str) -> Figure:
        if (measure := self._measures.get(name)) is not None:
            return measure.value(customer, at)
        if name == "categories":
            return _categories(customer)
        catalogue = self._compiled.catalogue
        return _rounded(catalogue.features[name].formula.value(customer, at, catalogue.day_of(at)))

    @cached_property
    def _read(self) -> Callable[[Customer, int], Sequence[Figure]]:
        """Of (customer, at): the figures, and then the windows, in one function that reads each part once."""
        writer, sure = CodeWriter(self._compiled.catalogue), set[str]()
        features = self._compiled.catalogue.features
        values = [writer.operand(FeatureRef(features[it]), sure) for it in (*self._figures, *self._windows)]
        return writer.function("figures", "all figures", f"({', '.join(values)},)")

    def _standings(self, customer: Customer) -> dict[str, StepStanding]:
        return {
            ladder: StepStanding(step, self._steps.get((ladder, step), step), instant.to_text(entered))
            for ladder, (step, entered) in sorted(customer.steps.items())
        }


def _rounded(value: Figure) -> Figure:
    return round(value, _DECIMALS) if isinstance(value, float) else value


def _categories(customer: Customer) -> str:
    return ", ".join(customer.purchases.categories())
