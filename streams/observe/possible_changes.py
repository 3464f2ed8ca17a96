"""Possible changes: what a policy can make happen, as the labels of the counters, so that these begin at 0.

A counter that begins at its first value has no increase: an alert would miss the first change.
"""

from collections.abc import Iterable
from itertools import permutations
from typing import NamedTuple

from schemas.change import NO_STEP
from state.customer.customer import EXCLUDED
from state.policy.compiled import CompiledPolicy

MAX_SERIES = 500
"""Of one counter: a policy of fifty stages has more pairs than anybody looks at, which then begin at their first."""


class PossibleChanges(NamedTuple):
    """The label values of each counter of changes; none where there would be more than ``MAX_SERIES``."""

    transitions: tuple[tuple[str, ...], ...] = ()
    """From and to."""
    segments: tuple[tuple[str, ...], ...] = ()
    """The segment and what happens."""
    ladders: tuple[tuple[str, ...], ...] = ()
    """The ladder, from and to."""
    signals: tuple[tuple[str, ...], ...] = ()


NONE_KNOWN = PossibleChanges()


def possible_changes(policy: CompiledPolicy) -> PossibleChanges:
    """Return what can happen under a policy."""
    stages = [it.key for it in policy.stages]
    steps = {ladder.key: [NO_STEP, *(it.key for it in ladder.steps)] for ladder in policy.ladders}
    return PossibleChanges(
        _bounded(permutations([*stages, EXCLUDED] if policy.excluded is not None else stages, 2)),
        _bounded((it.key, what) for it in policy.segments for what in ("entered", "exited", "republished")),
        _bounded((ladder, *pair) for ladder, keys in steps.items() for pair in permutations(keys, 2)),
        _bounded((it.key,) for it in policy.signals),
    )


def _bounded(values: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    found = tuple(values)
    return found if len(found) <= MAX_SERIES else ()
