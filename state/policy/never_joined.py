"""Rules that nobody can join by: a warning about limits that exclude each other, within ``enter`` or with ``leave``.

Only what is certain is told: two comparisons of one value with numbers in the text, on both of which joining depends,
or a ``leave`` that holds by what ``enter`` asks for.
"""

from collections.abc import Iterator
from itertools import combinations, product
from typing import NamedTuple

from state.conditions.implied import Limit, certain, follows, proof_of
from state.conditions.nodes import AllOf, AnyOf, Comparison, Not, Test

_FIX = "change one of the two limits"


class _Demand(NamedTuple):
    """A comparison that must hold, or, unless ``held``, must not."""

    text: str
    limit: Limit
    held: bool

    def excludes(self, other: "_Demand") -> bool:
        """Tell whether the two are never met together. Of two that must not hold, the value may be missing."""
        low, high = (self.limit, other.limit) if self.limit.up else (other.limit, self.limit)
        if low.value != high.value or low.up is high.up or not (self.held or other.held):
            return False
        return low.limit > high.limit or (low.limit == high.limit and (low.strict or high.strict))


def never_joined(enter: Test, leave: Test | None) -> Iterator[tuple[str, str]]:
    """Yield why nobody can join, and what to do about it; ``leave`` is None if it is not given."""
    joining = list(_demands(enter, held=True))
    for one, other in combinations(joining, 2):
        if one.excludes(other):
            yield f"nobody can join: {_said(one.text, one.held)} excludes {_said(other.text, other.held)}", _FIX
            return
    for one, other in product(joining, [] if leave is None else _demands(leave, held=False)):
        if one.excludes(other):
            met = f"{_said(one.text, one.held)} meets `leave` with {_said(other.text, not other.held)}"
            yield f"nobody can join: whoever meets {met}", _FIX
            return
    if leave is not None and follows(leave, list(certain(enter, held=True)), held=True):
        yield "nobody can join: whoever meets `enter` meets `leave`", "ask in `leave` for what `enter` excludes"


def _demands(test: Test, *, held: bool) -> Iterator[_Demand]:
    match test:
        case Not(part):
            yield from _demands(part, held=not held)
        case AllOf(parts) if held:
            yield from (demand for part in parts for demand in _demands(part, held=held))
        case AnyOf(parts) if not held:
            yield from (demand for part in parts for demand in _demands(part, held=held))
        case Comparison() if (proof := proof_of(test, held)) is not None and proof.limit is not None:
            yield _Demand(f"{test.left_text} {test.sign} {test.right_text}", proof.limit, held)


def _said(text: str, held: bool) -> str:
    return f"`{text}`" if held else f"`not {text}`"
