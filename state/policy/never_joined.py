"""Segments and steps that nobody joins: a warning about conditions that exclude each other, or exclude ``leave``.

Only what is certain is told: two comparisons, or a ``leave`` that holds by what ``enter`` asks for.
"""

from collections.abc import Iterator
from itertools import product

from state.conditions.follows import Given, certain, contradiction, exclude, follows
from state.conditions.nodes import Comparison, Test
from state.policy.never_held import FIX, never_held, said


def never_joined(enter: Test, leave: Test | None) -> Iterator[tuple[str, str]]:
    """Yield why nobody can join, and what to do about it; ``leave`` is None if it is not given."""
    told = list(never_held(enter, "nobody can join"))
    yield from told
    if leave is None or contradiction(enter) is not None:
        return
    joining = list(certain(enter, held=True))
    for one, other in product(joining, certain(leave, held=False)):
        if _is_limit(one) and _is_limit(other) and exclude(one, other):
            met = f"{said(one)} meets `leave` with {said(other.opposite)}"
            yield f"nobody can join: whoever meets {met}", FIX
            return
    if follows(leave, joining, held=True):
        yield "nobody can join: whoever meets `enter` meets `leave`", "ask in `leave` for what `enter` excludes"


def _is_limit(given: Given) -> bool:
    return isinstance(given.leaf, Comparison) and given.leaf.sign in ("<", "<=", ">", ">=")
