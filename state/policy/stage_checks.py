"""Checks of the stages of a lifecycle: keys and names of steps that are free, and a last one that takes everybody."""

from collections.abc import Sequence

from schemas.change import FORGOTTEN
from state.customer.customer import EXCLUDED
from state.policy.lifecycle_shape import Stage
from state.policy.text import PolicyText
from state.policy.toml_lines import Path

INCLUDED = "included"
"""The step of a customer that counts again."""
REVERTED = "reverted"
"""The step by an order that was undone."""
MAX_STAGES = 50


def check_stages(stages: Sequence[Stage], source: PolicyText) -> None:
    """Report what does not fit together in the stages that a policy names."""
    top: Path = ("lifecycle", "stages")
    if len(stages) > MAX_STAGES:
        source.report((*top, MAX_STAGES), f"there are {len(stages)} stages", f"keep to {MAX_STAGES}")
    seen: dict[str, int] = {}
    for number, stage in enumerate(stages):
        path: Path = (*top, number)
        first = seen.setdefault(stage.key, number)
        if first != number and stage.key:
            line = source.line((*top, first, "key"))
            source.report((*path, "key"), f'the key "{stage.key}" is taken by line {line}', "choose another key")
        if stage.key == EXCLUDED:
            told = f'"{EXCLUDED}" is the stage of customers that do not count'
            source.report((*path, "key"), told, "choose another key")
        if stage.key == FORGOTTEN:
            told = f'"{FORGOTTEN}" stands for customers of whom nothing is kept'
            source.report((*path, "key"), told, "choose another key")
        for name in ("entered", "left"):
            if getattr(stage, name) in (EXCLUDED, FORGOTTEN, INCLUDED, REVERTED):
                told = f"`{name}` is the name of a step that every lifecycle has"
                source.report((*path, name), told, "choose another name")
        is_last = number == len(stages) - 1
        if not is_last and not stage.enter.strip() and source.is_read((*path, "enter")):
            told = f'everybody is in the stage "{stage.key}", and nobody in those after it'
            source.report((*path, "key"), told, "write `enter`, or put it at the end")
        if is_last and stage.leave.strip():
            told = "the last stage is that of who fits no other, so nobody leaves it by `leave`"
            source.report((*path, "leave"), told, "leave it out, or add a stage behind this one")
