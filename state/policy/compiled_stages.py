"""The stages of a lifecycle ready for use: their conditions compiled, and the names of the steps between them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from state.conditions.catalogue import Catalogue
from state.conditions.condition import Condition, compile_condition, entering, opposite
from state.conditions.first_fit import FirstFit, Fit
from state.policy.lifecycle_shape import Lifecycle, Stage
from state.policy.toml_lines import Path

Pair = Callable[[Path, str, str], tuple[Condition, Condition]]
"""Compiles ``enter`` and ``leave`` of the table at a path, and reports what is wrong with them."""


@dataclass(frozen=True, slots=True)
class CompiledStage:
    """A stage's conditions: ``enter`` never holds while ``leave`` does; None if everybody meets them.

    ``entered`` is the name of the step into it, ``left`` that of the one out of it. ``has_leave`` tells whether the
    condition for leaving is more than that the one for entering no longer holds.
    """

    key: str
    entered: str
    left: str
    enter: Condition | None
    leave: Condition | None
    has_leave: bool

    @property
    def conditions(self) -> Iterator[Condition]:
        """Both conditions, if there are any."""
        if self.enter is not None and self.leave is not None:
            yield from (self.enter, self.leave)


def compiled_stages(lifecycle: Lifecycle, catalogue: Catalogue, pair: Pair) -> tuple[CompiledStage, ...]:
    """Return the stages of a lifecycle, those that ship if it names none; only those that it names can be wrong."""

    def shipped(path: Path, enter: str, leave: str) -> tuple[Condition, Condition]:
        joining = compile_condition(enter, catalogue)
        leaving = compile_condition(leave, catalogue) if leave else opposite(joining)
        return entering(joining, leaving), leaving

    compile_pair = pair if lifecycle.stages else shipped
    return tuple(
        _compiled(stage, ("lifecycle", "stages", number), compile_pair)
        for number, stage in enumerate(lifecycle.all_stages)
    )


def first_fit(stages: Sequence[CompiledStage]) -> FirstFit:
    """Return the function that finds the stage of a customer."""
    (*others, last) = stages
    fits = [Fit(it.key, it.enter, it.leave if it.has_leave else None) for it in others if it.enter is not None]
    return FirstFit(fits, last.key)


def _compiled(stage: Stage, path: Path, pair: Pair) -> CompiledStage:
    enter, leave = pair(path, stage.enter, stage.leave) if stage.enter.strip() else (None, None)
    return CompiledStage(
        key=stage.key,
        entered=stage.entered or stage.key,
        left=stage.left or f"left_{stage.key}",
        enter=enter,
        leave=leave,
        has_leave=bool(stage.leave.strip()),
    )
