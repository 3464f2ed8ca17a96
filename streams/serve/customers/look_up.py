"""The look-up: a customer's profile at an instant, or a few values of it, from a snapshot."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import NamedTuple

import orjson

from schemas import instant
from schemas.profile import Figure, encode
from state.rules.retention import is_forgotten
from state.rules.rulebook import Rulebook
from state.timeline.later_profile import profile_at, values_at
from streams.serve.parameters import nearest
from streams.serve.problems import ProblemError
from streams.serve.served_policies import ServedPolicies
from streams.serve.stored_customers import StoredCustomer
from streams.serve.timelines import timeline_of

MAX_DAYS_AHEAD = 400


class Asked(NamedTuple):
    """What is asked: the instant (ms since 1970), None for now, and the values, None for the whole profile."""

    at: int | None
    features: tuple[str, ...] | None


class LookUp:
    """The look-up: of each customer under the policy that they were decided by.

    ``now`` returns the present instant; None where the workers' clock is the stream: then it is as late as they are.
    """

    def __init__(self, policies: ServedPolicies, now: Callable[[], int] | None) -> None:
        self._policies = policies
        self._now = now
        self._features = policies.derived(_features)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all values that can be asked for under the policy in force."""
        return self._features()

    def check_features(self, names: Sequence[str]) -> None:
        """Raise ``ProblemError`` for a name that no value has."""
        known = self.features
        for name in names:
            if name not in known:
                mend = nearest(name, known, "`lifestage features` lists them")
                raise ProblemError(HTTPStatus.BAD_REQUEST, f"features: there is no feature {name!r}: {mend}")

    async def told(self, customer: str, stored: StoredCustomer, asked: Asked) -> bytes:
        """Return the JSON of a customer as asked. Raises ``ProblemError``."""
        timeline, rules = await timeline_of(customer, stored.snapshot, self._policies)
        names = asked.features or ()
        _check_decided(customer, names, rules)
        earliest = timeline.head.at
        now = max(earliest, stored.upto if self._now is None else self._now())
        latest = now + MAX_DAYS_AHEAD * rules.compiled.day_ms
        at = now if asked.at is None else asked.at
        if not earliest <= at <= latest:
            limits = f"{instant.to_text(earliest)}, when they were decided last, to {instant.to_text(latest)}"
            told = f"at: {instant.to_text(at)} cannot be told of {customer!r}: name an instant from {limits}"
            raise ProblemError(HTTPStatus.BAD_REQUEST, told)
        profile = profile_at(timeline, at, rules) if asked.features is None else None
        values: dict[str, Figure] = values_at(timeline, at, names, rules)
        head = timeline.head
        if is_forgotten(head):
            told = f"{customer!r} is forgotten by {instant.to_text(at)}, by the policy's [retention]"
            raise ProblemError(HTTPStatus.NOT_FOUND, told)
        if profile is not None:
            return encode(profile)
        return orjson.dumps(
            {
                "userId": customer,
                "stage": head.stage,
                "segments": sorted(head.memberships),
                "steps": {ladder: step for ladder, (step, _) in sorted(head.steps.items())},
                "features": values,
                "asOf": instant.to_text(at),
                "policyVersion": rules.version,
            }
        )


def _features(rules: Rulebook) -> tuple[str, ...]:
    compiled = rules.compiled
    return (*compiled.catalogue.features, *(it.name for it in compiled.measures))


def _check_decided(customer: str, names: Sequence[str], rules: Rulebook) -> None:
    """Raise ``ProblemError`` for a measure of the policy in force that a customer was not decided by yet."""
    known = _features(rules)
    for name in names:
        if name not in known:
            told = f"{customer!r} is still decided by {rules.version}, which has no measure {name!r}: ask again"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, f"features: {told} in a second", 1)
