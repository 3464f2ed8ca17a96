"""Comparisons that never hold, or always do: a warning about a number outside of what a value can be.

So is a share compared with per cent, a bucket with how many there are, or a score with more points than its caps allow.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import inf

from state.conditions.claims import Claim, claim_of
from state.conditions.exact_number import Number
from state.conditions.nodes import Comparison, FeatureRef, Literal, Test, Trait, leaves_of
from state.conditions.value_sets import Some, Within, is_part

_NONE: Mapping[str, Within] = {}


def never_met(tree: Test, fields: Mapping[str, Within] = _NONE) -> Iterator[tuple[str, str]]:
    """Yield each comparison of a condition that holds for nobody or for everybody, and what to do about it.

    In a filter of events, these ``fields`` are numbers within limits.
    """
    for leaf in leaves_of(tree):
        if not isinstance(leaf, Comparison) or (claim := claim_of(leaf, held=True)) is None:
            continue
        if isinstance(claim.operand, Trait):
            claim = replace(claim, possible=fields.get(claim.operand.name, claim.possible))
        text = f"`{leaf.left_text} {leaf.sign} {leaf.right_text}`"
        if claim.left.is_empty:
            yield f"{text} never holds", f"{_fix(leaf, claim)}, or leave it out"
        # Whether a value is known can be asked in this way too.
        elif not claim.nullable and is_part(claim.possible, claim.said):
            yield f"{text} holds for everybody", f"{_fix(leaf, claim)}, or `true` if everybody is meant"


def _fix(leaf: Comparison, claim: Claim) -> str:
    if claim.operand is None:
        return "change one of the two sides"
    name = leaf.right_text if isinstance(leaf.left, Literal) else leaf.left_text
    match claim.possible:
        case Some(values):
            return f"`{name}` is one of {', '.join(sorted(map(str, values)))}: write one of them"
        case Within(low, high):
            is_whole = isinstance(claim.operand, FeatureRef) and claim.operand.feature.is_whole_number
            sort = "a whole number, " if is_whole else ""
            return f"`{name}` is {sort}{_span(low, high)}: write a number within these"
        case _:
            return f"`{name}` is a whole number: write one"


def _span(least: Number, most: Number) -> str:
    if least == -inf:
        return f"at most {float(most):g}"
    return f"at least {float(least):g}" if most == inf else f"{float(least):g} to {float(most):g}"
