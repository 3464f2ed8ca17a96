"""The declared order: ladders and segments may ask only for what is decided before them."""

from collections.abc import Callable, Iterator, Sequence

from state.conditions.condition import Condition
from state.policy.compiled_ladder import step_call
from state.policy.shape import Policy, Segment

Undecided = Callable[[Condition, Policy, int], Iterator[tuple[str, str]]]
"""Of a condition of the ladder or segment with a number: what it asks for too early, and what to do about it."""


def not_yet_on_ladder(condition: Condition, policy: Policy, number: int) -> Iterator[tuple[str, str]]:
    """Yield what a condition of a ladder asks for that is decided later: its own and later steps, and segments."""
    own = policy.ladders[number].key
    later = {step_call(it.key): it.key for it in policy.ladders[number:]}
    for name in sorted(later.keys() & condition.names):
        fix = "ask for something else" if later[name] == own else f"declare `{later[name]}` before `{own}`"
        yield f"`{name}` is not known yet when the ladder `{own}` is decided", fix
    for key in _asked(condition, policy.segments):
        yield _told(key, f"the ladder `{own}`"), "ask for something else: ladders are decided before all segments"


def not_yet_in_segment(condition: Condition, policy: Policy, number: int) -> Iterator[tuple[str, str]]:
    """Yield what a condition of a segment asks for that is decided later: itself, and the segments after it."""
    own = policy.segments[number].key
    for key in _asked(condition, policy.segments[number:]):
        fix = "ask for something else" if key == own else f"declare `{key}` before `{own}`"
        yield _told(key, f"the segment `{own}`"), fix


def _asked(condition: Condition, segments: Sequence[Segment]) -> list[str]:
    return sorted(condition.segments & {it.key for it in segments})


def _told(key: str, what: str) -> str:
    return f"whether a customer is in the segment `{key}` is not known yet when {what} is decided"
