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
from streams.serve.stored_customers import StoredCustomer
from streams.serve.timelines import timeline_of

MAX_DAYS_AHEAD = 400


class Asked(NamedTuple):
    """What is asked: the instant (ms since 1970), None for now, and the values, None for the whole profile."""

    at: int | None
    features: tuple[str, ...] | None


class LookUp:
    """The look-up under one policy, which must be that of the workers.

    ``now`` returns the present instant; None where the workers' clock is the stream: then it is as late as they are.
    """

    def __init__(self, rules: Rulebook, now: Callable[[], int] | None) -> None:
        self._rules = rules
        self._now = now
        compiled = rules.compiled
        self.features = (*compiled.catalogue.features, *(it.name for it in compiled.measures))
        """The names of all values that can be asked for."""

    def check_features(self, names: Sequence[str]) -> None:
        """Raise ``ProblemError`` for a name that no value has."""
        for name in names:
            if name not in self.features:
                mend = nearest(name, self.features, "`lifestage features` lists them")
                raise ProblemError(HTTPStatus.BAD_REQUEST, f"features: there is no feature {name!r}: {mend}")

    def told(self, customer: str, stored: StoredCustomer, asked: Asked) -> bytes:
        """Return the JSON of a customer as asked. Raises ``ProblemError``."""
        timeline = timeline_of(customer, stored.snapshot, self._rules)
        earliest = timeline.head.at
        now = max(earliest, stored.upto if self._now is None else self._now())
        latest = now + MAX_DAYS_AHEAD * self._rules.compiled.day_ms
        at = now if asked.at is None else asked.at
        if not earliest <= at <= latest:
            limits = f"{instant.to_text(earliest)}, when they were decided last, to {instant.to_text(latest)}"
            told = f"at: {instant.to_text(at)} cannot be told of {customer!r}: name an instant from {limits}"
            raise ProblemError(HTTPStatus.BAD_REQUEST, told)
        profile = profile_at(timeline, at, self._rules) if asked.features is None else None
        values: dict[str, Figure] = values_at(timeline, at, asked.features or (), self._rules)
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
                "policyVersion": self._rules.version,
            }
        )
