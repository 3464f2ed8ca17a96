"""Conditions that never hold: a warning about comparisons that exclude each other.

Only what is certain is told: two comparisons on both of which it depends.
"""

from collections.abc import Iterator, Sequence

from state.conditions.follows import Given, certain, contradiction
from state.conditions.nodes import AllOf, AnyOf, Comparison, Known, Not, Test, Truth

FIX = "change one of the two"
_ALONE = f"{FIX}, or leave this part out"


def never_held(tree: Test, what: str = "this never holds") -> Iterator[tuple[str, str]]:
    """Yield why a condition never holds, or else which parts of it never do; ``what`` are the words for the first."""
    whole = contradiction(tree)
    if whole is not None:
        yield f"{what}: {_excludes(*whole)}", FIX
        return
    for one, other in _idle(tree, (), held=True):
        yield f"a part of this is never met: {_excludes(one, other)}", _ALONE


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
    return f"{said(one)} excludes {said(other)}"


def said(given: Given) -> str:
    """Return a leaf that holds, or does not, in quotation marks."""
    return f"`{given.text}`" if given.held else f"`not {given.text}`"
