"""Members who stay for ever: a warning about a ``leave`` that compares what goes missing as its window empties.

A comparison with what is missing does not hold, so whoever was to leave by it does not leave any more. It is taken as
meant if ``leave`` asks whether the value ``is known``, or if another side of an ``or`` is met without it.
"""

from collections.abc import Iterator

from state.conditions.nodes import AllOf, AnyOf, Comparison, FeatureRef, Known, Not, Test, leaves_of, operands_of
from state.conditions.signs import OPPOSITE
from state.policy.left_out import is_trap


def never_left(leave: Test) -> Iterator[tuple[str, str]]:
    """Yield each comparison that members stay by, and what to do about it, but for those that ``left_out`` tells."""
    asked = {name for leaf in leaves_of(leave) if isinstance(leaf, Known) for name in _expiring(leaf)}
    for leaf in _needed(leave, held=True):
        names = _expiring(leaf)
        if is_trap(leaf) or not asked.isdisjoint(names):
            continue
        text = f"{leaf.left_text} {leaf.sign} {leaf.right_text}"
        named = " or ".join(f"`{it}`" for it in names)
        yield (
            f"`{text}` does not hold once {named} goes missing, as its window empties: whoever is there then stays",
            f"write `not {leaf.left_text} {OPPOSITE[leaf.sign]} {leaf.right_text}`, which lets these leave too, or ask "
            f"also whether it `is known`",
        )


def _needed(test: Test, *, held: bool) -> list[Comparison]:
    """Return the comparisons of what goes missing without which a test is not so."""
    match test:
        case Not(part):
            return _needed(part, held=not held)
        case AllOf(parts) | AnyOf(parts):
            found = [_needed(part, held=held) for part in parts]
            is_every = isinstance(test, AllOf) is held
            return [it for each in found for it in each] if is_every or all(found) else []
        case Comparison() if held and _expiring(test):
            return [test]
        case _:
            return []


def _expiring(leaf: Test) -> list[str]:
    """Return the names of the values in a leaf that go missing by themselves."""
    features = [it.feature for it in operands_of(leaf) if isinstance(it, FeatureRef)]
    return list(dict.fromkeys(it.name for it in features if it.expires))
