"""Customers left out by mistake: a warning about ``!=`` and ``not in`` on what may be missing, and ``<`` on a share.

``kind != 'internal'`` reads as if it took everybody but some, and holds for nobody whose kind is not known. It is taken
as meant if the condition asks anywhere whether that value ``is known``, or if what is joined to it by ``and`` does not
hold without the value either. Within ``not``, it leaves out nobody. A share of nothing is missing, and not 0.
"""

from collections.abc import Iterator, Mapping

from state.conditions.kind import Kind
from state.conditions.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Comparison,
    FeatureRef,
    Known,
    Leaf,
    Literal,
    Not,
    Operand,
    Test,
    Trait,
    leaves_of,
    names_of,
    operands_of,
)
from state.conditions.signs import OPPOSITE, Sign

_TRAPS: frozenset[Sign] = frozenset(("!=", "not in"))
_Names = frozenset[str]
_NONE: _Names = frozenset()


def left_out(tree: Test, known: _Names = _NONE) -> Iterator[tuple[str, str]]:
    """Yield each comparison of a condition that leaves out customers by mistake, and what to do about it.

    What is ``known``, as written, is never missing.
    """
    asked = [_names_in(leaf) for leaf in leaves_of(tree) if isinstance(leaf, Known)]
    for trap in _traps(tree, known.union(*asked), held=True):
        text = f"{trap.left_text} {trap.sign} {trap.right_text}"
        missing = [it.text for it in _sides(trap) if it.operand.nullable]
        yield (
            f"`{text}` does not hold for customers whose {' or '.join(f'`{it}`' for it in missing)} is not known",
            f"write `not {trap.left_text} {OPPOSITE[trap.sign]} {trap.right_text}` to have these too, or "
            f"`{' and '.join([*(f'{it} is known' for it in missing), text])}` if they are to be left out",
        )


def left_out_events(tree: Test, kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str]]:
    """Yield the same of a filter of events, whose fields are of these kinds if they are of any."""
    moment = frozenset(name for name, kind in kinds.items() if kind is not Kind.TEXTS)
    yield from ((told.replace("customers", "events"), fix) for told, fix in left_out(tree, moment))


def _traps(test: Test, known: _Names, *, held: bool) -> Iterator[Comparison]:
    """Yield the comparisons that hold only with a value beyond those ``known``; not ``held``: as parts of a ``not``."""
    match test:
        case Not(part):
            yield from _traps(part, known, held=not held)
        case AllOf(parts) if held:
            for number, part in enumerate(parts):
                others = (*parts[:number], *parts[number + 1 :])
                yield from _traps(part, known.union(*map(_needed, others)), held=held)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                # Whoever has no share is meant by the other side of an `or`: `... < 0.3 or orders_90d == 0`.
                if not (held and _is_low_share(part)):
                    yield from _traps(part, known, held=held)
        case Comparison() if held and is_trap(test) and not all(_is_in(it, known) for it in _sides(test)):
            yield test


def _needed(test: Test) -> _Names:
    """Return the values without which a test does not hold, but for what is needed by further traps."""
    match test:
        case AllOf(parts):
            return _NONE.union(*map(_needed, parts))
        case AnyOf() | Not():
            return _NONE
        case Comparison() if is_trap(test):
            return _NONE
        case _:
            return _names_in(test)


def is_trap(test: Comparison) -> bool:
    """Tell whether a comparison leaves out customers if it is not taken as meant."""
    return test.sign in _TRAPS or _is_low_share(test)


def _is_low_share(test: Test) -> bool:
    if not isinstance(test, Comparison):
        return False
    low = test.left if test.sign in ("<", "<=") else test.right if test.sign in (">", ">=") else None
    return isinstance(low, FeatureRef) and low.feature.tallies is not None and low.feature.limits is not None


def _sides(trap: Comparison) -> tuple[Known, Known]:
    return Known(trap.left, trap.left_text), Known(trap.right, trap.right_text)


def _is_in(side: Known, known: _Names) -> bool:
    if not side.operand.nullable or side.text in known:
        return True
    names = _names_in(side) - {side.text}
    return bool(names) and names <= known and not any(map(_may_divide_by_zero, operands_of(side)))


def _may_divide_by_zero(operand: Operand) -> bool:
    return isinstance(operand, Arithmetic) and operand.sign == "/" and not isinstance(operand.right, Literal)


def _names_in(leaf: Leaf) -> _Names:
    """Return the sides of a leaf as written, and the names in them of what may be missing."""
    sides = _sides(leaf) if isinstance(leaf, Comparison) else (leaf,)
    values = [it for it in operands_of(leaf) if isinstance(it, FeatureRef | Trait) and it.nullable]
    return frozenset(it.text for it in sides).union(*(names_of(Known(it, "")) for it in values))
