"""The look-up: a customer's profile at an instant, or a few values of it, from a snapshot."""

from collections.abc import Sequence
from difflib import get_close_matches
from http import HTTPStatus
from typing import NamedTuple

import orjson

from schemas import instant
from schemas.profile import Figure, encode
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import SnapshotError, load, read_header
from state.timeline.standing import profile_at, values_at
from state.timeline.timeline import Timeline
from streams.serve.problems import ProblemError

MOST_DAYS_AHEAD = 400
_DAY_MS = 86_400_000


class Asked(NamedTuple):
    """What is asked: the instant (ms since 1970), whether it was named, and the values; None: the whole profile."""

    at: int
    is_named: bool
    features: tuple[str, ...] | None


class LookUp:
    """The look-up under one policy, which must be that of the workers."""

    def __init__(self, rules: Rulebook) -> None:
        self._rules = rules
        compiled = rules.compiled
        self.features = (*compiled.catalogue.features, *(it.name for it in compiled.measures))
        """The names of all values that can be asked for."""

    def check_features(self, names: Sequence[str]) -> None:
        """Raise ``ProblemError`` for a name that no value has."""
        for name in names:
            if name not in self.features:
                near = get_close_matches(name, self.features, 1)
                mend = f"the nearest name is {near[0]!r}" if near else "`lifestage features` lists them"
                raise ProblemError(HTTPStatus.BAD_REQUEST, f"features: there is no feature {name!r}: {mend}")

    def told(self, customer: str, snapshot: bytes, asked: Asked) -> bytes:
        """Return the JSON of a customer as asked. Raises ``ProblemError``."""
        timeline = self._timeline(customer, snapshot)
        decided_at = timeline.head.at
        if asked.is_named and asked.at < decided_at:
            since = instant.to_text(decided_at)
            detail = f"at: what is known of the customer was decided at {since}: name that instant or a later one"
            raise ProblemError(HTTPStatus.BAD_REQUEST, detail)
        at = max(asked.at, decided_at)
        if asked.features is None:
            return encode(profile_at(timeline, at, self._rules))
        values: dict[str, Figure] = values_at(timeline, at, asked.features, self._rules)
        head = timeline.head
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

    def _timeline(self, customer: str, snapshot: bytes) -> Timeline:
        try:
            if read_header(snapshot).fingerprint != self._rules.fingerprint:
                detail = (
                    "the workers decided this customer under another policy than this server has: start "
                    "`lifestage serve` with the LIFESTAGE_POLICY of the workers, or wait until they have taken it over"
                )
                raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, 1)
            return load(snapshot, self._rules, customer)
        except SnapshotError:
            detail = (
                "the workers stored this customer in a form that this version cannot read: start `lifestage serve` "
                "in the version of the workers"
            )
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None


def latest_instant(now: int) -> int:
    """Return the latest instant that can be asked for."""
    return now + MOST_DAYS_AHEAD * _DAY_MS
