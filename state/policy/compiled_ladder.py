"""A ladder ready for use: the conditions of its steps compiled, their durations in milliseconds."""

from collections.abc import Iterator
from dataclasses import dataclass

from state.conditions.condition import Condition
from state.conditions.rule_set import Rule
from state.policy.duration import Duration


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """A step's conditions and durations. ``enter`` never holds while ``leave`` does.

    ``leave`` counts once it has held for ``grace``, and, unless ``requalify`` is 0, only at the end of such a period.
    Who climbs must have met ``enter`` for ``confirm``.
    """

    key: str
    name: str
    enter: Condition
    leave: Condition
    stay: Duration
    grace: Duration
    requalify: Duration
    confirm: Duration


@dataclass(frozen=True, slots=True)
class CompiledLadder:
    """A ladder, whose steps come best first."""

    key: str
    name: str
    steps: tuple[CompiledStep, ...]

    @property
    def conditions(self) -> Iterator[Condition]:
        """The conditions of all steps."""
        for step in self.steps:
            yield from (step.enter, step.leave)


def places(ladder: CompiledLadder) -> Iterator[list[Rule]]:
    """Yield, for each step and at last for no step, what is asked of who is there: of better steps, then leaving."""
    climbing: list[Rule] = []
    for step in ladder.steps:
        yield [*climbing, (step.key, step.leave, step.leave)]
        climbing.append((step.key, step.enter, step.enter))
    yield climbing
