"""What nobody can reach in a list of which the first fit counts: steps, stages, and lifecycles of kinds.

Only what is certain is told: each part of what the one before asks for follows from a comparison that this one makes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from state.conditions.condition import Condition
from state.conditions.follows import certain, follows
from state.conditions.one_line import on_one_line
from state.policy.shape import Policy
from state.policy.toml_lines import Path

_FIX = "put it above that {}, or ask for less there"


class _Entry(NamedTuple):
    """An entry of a list, with ``leave`` where the policy has one; it must have fitted for so many hours."""

    key: str
    enter: Condition
    leave: Condition | None = None
    confirm_hours: float = 0.0


def never_reached(policy: Policy, conditions: Mapping[Path, Condition]) -> Iterator[tuple[Path, str, str]]:
    """Yield the key of what nobody can reach, why, and what to do; the conditions are given by their keys."""

    def conditions_at(path: Path) -> tuple[Condition, Condition | None]:
        return conditions[*path, "enter"], conditions.get((*path, "leave"))

    for number, ladder in enumerate(policy.ladders):
        path: Path = ("ladders", number, "steps")
        steps = [
            _Entry(it.key, *conditions_at((*path, place)), it.confirm_hours) for place, it in enumerate(ladder.steps)
        ]
        for place, better in _shadowed(steps):
            told = f"nobody can reach this step: whoever meets `enter` is on the better step `{better.key}`"
            yield (*path, place, "enter"), told, _FIX.format("step")
    path = ("lifecycle", "stages")
    # The last stage is that of all others, whatever it asks for.
    stages = [_Entry(it.key, *conditions_at((*path, place))) for place, it in enumerate(policy.lifecycle.stages[:-1])]
    for place, first in _shadowed(stages):
        told = f"nobody can reach this stage: whoever meets `enter` is in the stage `{first.key}` before it"
        yield (*path, place, "enter"), told, _FIX.format("stage")
    kinds = [
        _Entry(on_one_line(it.applies_to), conditions["lifecycles", number, "applies_to"])
        for number, it in enumerate(policy.lifecycles)
    ]
    for number, first in _shadowed(kinds):
        told = f"this applies to nobody: whoever it is for has the lifecycle of `{first.key}` before it"
        yield ("lifecycles", number, "applies_to"), told, _FIX.format("lifecycle")


def _shadowed(entries: Sequence[_Entry]) -> Iterator[tuple[int, _Entry]]:
    """Yield the place of each entry that is never the first to fit, with one before it that fits whenever it does."""
    for place, entry in enumerate(entries):
        given = list(certain(entry.enter.tree, held=True))
        if entry.leave is not None:
            given += certain(entry.leave.tree, held=False)
        for first in entries[:place]:
            kept = first.leave is None or follows(first.leave.tree, given, held=False)
            is_in_time = first.confirm_hours <= entry.confirm_hours
            if is_in_time and kept and follows(first.enter.tree, given, held=True):
                yield place, first
                break
