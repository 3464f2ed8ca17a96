"""Conditions that never hold: a warning about comparisons that exclude each other, in one condition or with ``leave``.

Only what is certain is told: two comparisons on both of which it depends, or a ``leave`` that holds by what ``enter``
asks for.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from state.conditions.follows import Given, certain, contradiction, exclude, follows
from state.conditions.nodes import AllOf, AnyOf, Comparison, Known, Not, Test, Truth

_FIX = "change one of the two"
_ALONE = "change one of the two, or leave this part out"


def never_held(tree: Test, what: str = "this never holds") -> Iterator[tuple[str, str]]:
    """Yield why a condition never holds, or else which parts of it never do; ``what`` are the words for the first."""
    whole = contradiction(tree)
    if whole is not None:
        yield f"{what}: {_excludes(*whole)}", _FIX
        return
    for one, other in _idle(tree, (), held=True):
        yield f"a part of this is never met: {_excludes(one, other)}", _ALONE


def never_joined(enter: Test, leave: Test | None) -> Iterator[tuple[str, str]]:
    """Yield why nobody can join, and what to do about it; ``leave`` is None if it is not given."""
    told = list(never_held(enter, "nobody can join"))
    yield from told
    if leave is None or contradiction(enter) is not None:
        return
    joining = list(certain(enter, held=True))
    for one, other in product(joining, certain(leave, held=False)):
        if _is_limit(one) and _is_limit(other) and exclude(one, other):
            met = f"{_said(one)} meets `leave` with {_said(other.opposite)}"
            yield f"nobody can join: whoever meets {met}", _FIX
            return
    if follows(leave, joining, held=True):
        yield "nobody can join: whoever meets `enter` meets `leave`", "ask in `leave` for what `enter` excludes"


def _is_limit(given: Given) -> bool:
    return isinstance(given.leaf, Comparison) and given.leaf.sign in ("<", "<=", ">", ">=")


def _idle(test: Test, given: Sequence[Given], *, held: bool) -> Iterator[tuple[Given, Given]]:
    """Yield two leaves of each part that is never so where all that is given is."""
    match test:
        case Not(part):
            yield from _idle(part, given, held=not held)
        case AllOf(parts) | AnyOf(parts):
            found = contradiction(test, given, held=held)
            if found is not None:
                yield found
                return
            is_every = isinstance(test, AllOf) is held
            beside = (*given, *certain(test, held=held)) if is_every else given
            for part in parts:
                yield from _idle(part, beside, held=held)
        case Comparison() | Known() | Truth():
            found = contradiction(test, given, held=held)
            if found is not None:
                yield found


def _excludes(one: Given, other: Given) -> str:
    return f"{_said(one)} excludes {_said(other)}"


def _said(given: Given) -> str:
    return f"`{given.text}`" if given.held else f"`not {given.text}`"
