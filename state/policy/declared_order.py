"""The declared order: ladders and segments may ask only for what is decided before them."""

from collections.abc import Callable, Iterator, Sequence

from state.conditions.condition import Condition
from state.policy.shape import Policy, Segment

TooEarly = tuple[str, str, str]
"""A name that a condition asks for too early, what is told of it, and what to do."""
Undecided = Callable[[Condition, Policy, int, str], Iterator[TooEarly]]
"""Of a condition of the ladder or segment with a number, and its key: what it asks for too early."""


def not_yet_on_ladder(condition: Condition, policy: Policy, number: int, key: str) -> Iterator[TooEarly]:
    """Yield what a condition of a ladder asks for that is decided later: its own and later steps, and segments."""
    own = policy.ladders[number].key
    for later in policy.ladders[number:]:
        for name in condition.asked_of_ladder(later.key):
            fix = "ask for something else" if later.key == own else f"declare `{later.key}` before `{own}`"
            yield name, f"`{name}` is not known yet when the ladder `{own}` is decided", fix
    for name, asked in _asked(condition, policy.segments):
        fix = "ask for something else: ladders are decided before all segments"
        yield name, _told(asked, f"the ladder `{own}`"), fix


def not_yet_in_segment(condition: Condition, policy: Policy, number: int, key: str) -> Iterator[TooEarly]:
    """Yield what a condition of a segment asks for that is decided later: itself, and the segments after it.

    How a customer was in the segment before may be asked by ``enter``: that changes only when they leave.
    """
    own, leave = policy.segments[number].key, policy.segments[number].leave.strip()
    for name, asked in _asked(condition, policy.segments[number:]):
        if asked != own:
            yield name, _told(asked, f"the segment `{own}`"), f"declare `{asked}` before `{own}`"
        elif condition.asks_membership(own):
            yield name, _told(own, f"the segment `{own}`"), "ask for something else"
        elif key == "leave" or not leave:
            told = f"only `enter` can ask for the history of `{own}` itself, beside a `leave` that does not"
            yield name, told, "ask for something else" if key == "leave" else "write a `leave`"


def _asked(condition: Condition, segments: Sequence[Segment]) -> list[tuple[str, str]]:
    """Return the names by which a condition asks about some segments, one of each, with the key."""
    keys = {it.key for it in segments if it.key}
    named = {it.segment: it.name for it in condition.features if it.segment in keys}
    return sorted((name, key) for key, name in named.items())


def _told(key: str, what: str) -> str:
    return f"whether a customer is in the segment `{key}` is not known yet when {what} is decided"
