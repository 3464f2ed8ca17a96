"""Steps that nobody can reach: a warning about a step below another one that fits whenever it does.

Only what is certain is told: each part of what the better step asks for follows from a comparison that the worse one
asks for.
"""

from collections.abc import Iterator, Sequence

from state.conditions.condition import Condition
from state.conditions.implied import certain, follows

_FIX = "put it above that step, or ask for less there"


def never_reached(steps: Sequence[tuple[str, Condition, Condition | None]]) -> Iterator[tuple[int, str, str]]:
    """Yield each step that nobody can reach, by its place, why, and what to do about it.

    Of each step are given its key, ``enter``, and ``leave`` where the policy has one.
    """
    for place, (_, enter, leave) in enumerate(steps):
        given = list(certain(enter.tree, held=True))
        if leave is not None:
            given += certain(leave.tree, held=False)
        for key, better, left in steps[:place]:
            kept = left is None or follows(left.tree, given, held=False)
            if kept and follows(better.tree, given, held=True):
                yield place, f"nobody can reach this step: whoever meets `enter` is on the better step `{key}`", _FIX
                break
