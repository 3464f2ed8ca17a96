"""Steps that nobody can reach: a warning about a step below another one that fits whenever it does.

Only what is certain is told: each part of what the better step asks for follows from a comparison that the worse one
asks for.
"""

from collections.abc import Iterator, Sequence

from state.conditions.condition import Condition
from state.conditions.implied import proof_of
from state.conditions.nodes import AllOf, AnyOf, Comparison, Known, Leaf, Not, Test, Truth

_FIX = "put it above that step, or ask for less there"


def never_reached(steps: Sequence[tuple[str, Condition, Condition | None]]) -> Iterator[tuple[int, str, str]]:
    """Yield each step that nobody can reach, by its place, why, and what to do about it.

    Of each step are given its key, ``enter``, and ``leave`` where the policy has one.
    """
    for place, (_, enter, leave) in enumerate(steps):
        given = list(_certain(enter.tree, held=True))
        if leave is not None:
            given += _certain(leave.tree, held=False)
        for key, better, left in steps[:place]:
            kept = left is None or _follows(left.tree, given, held=False)
            if kept and _follows(better.tree, given, held=True):
                yield place, f"nobody can reach this step: whoever meets `enter` is on the better step `{key}`", _FIX
                break


_Given = tuple[Leaf, bool]
"""A leaf that holds, or does not."""


def _certain(test: Test, *, held: bool) -> Iterator[_Given]:
    match test:
        case Not(part):
            yield from _certain(part, held=not held)
        case AllOf(parts) if held:
            for part in parts:
                yield from _certain(part, held=held)
        case AnyOf(parts) if not held:
            for part in parts:
                yield from _certain(part, held=held)
        case Comparison() | Known() | Truth():
            yield test, held


def _follows(test: Test, given: Sequence[_Given], *, held: bool) -> bool:
    match test:
        case Not(part):
            return _follows(part, given, held=not held)
        case AllOf(parts) | AnyOf(parts):
            every = isinstance(test, AllOf) is held
            return (all if every else any)([_follows(part, given, held=held) for part in parts])
        case Comparison() | Known() | Truth():
            return any(_implies(it, (test, held)) for it in given)


def _implies(given: _Given, wanted: _Given) -> bool:
    if given[1] is wanted[1] and _text(given[0]) == _text(wanted[0]):
        return True
    if not given[1] and wanted[1]:  # a comparison that does not hold may lack its value
        return False
    proof, needed = proof_of(*given), proof_of(*wanted)
    return proof is not None and needed is not None and proof.implies(needed)


def _text(leaf: Leaf) -> str:
    match leaf:
        case Comparison():
            return f"{leaf.left_text} {leaf.sign} {leaf.right_text}"
        case Known():
            return f"{leaf.text} is known"
        case Truth():
            return leaf.text
