"""The sets of members in Redis: of the policy's stages, segments and steps."""

from http import HTTPStatus

from state.policy.compiled import CompiledPolicy
from streams.serve.parameters import nearest
from streams.serve.problems import ProblemError
from streams.serve.stages import stages_of


class MemberSets:
    """The stages, segments and steps of a policy."""

    def __init__(self, compiled: CompiledPolicy) -> None:
        self.stages = tuple(stages_of(compiled))
        self.segments = tuple(it.key for it in compiled.segments)
        self.steps = {ladder.key: tuple(it.key for it in ladder.steps) for ladder in compiled.ladders}

    def of_stage(self, stage: str) -> str:
        """Return the set of a stage. Raises ``ProblemError``, as the others do, if the policy has none such."""
        return f"stage:{_known('stage', stage, self.stages)}"

    def of_segment(self, key: str) -> str:
        """Return the set of a segment."""
        return f"segment:{_known('segment', key, self.segments)}"

    def of_step(self, ladder: str, step: str) -> str:
        """Return the set of a step of a ladder."""
        steps = self.steps[_known("ladder", ladder, tuple(self.steps))]
        return f"step:{ladder}:{_known('step', step, steps)}"


def _known(what: str, key: str, keys: tuple[str, ...]) -> str:
    if key in keys:
        return key
    mend = nearest(key, keys, f"it has {', '.join(keys) or 'none'}")
    raise ProblemError(HTTPStatus.NOT_FOUND, f"the policy has no {what} {key!r}: {mend}")
