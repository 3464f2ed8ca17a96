"""Which states of an order count, and which columns tell sales from refunds: proposed by what they hold."""

from collections.abc import Sequence

from streams.suggestion import roles
from streams.suggestion.column import Column
from streams.suggestion.roles import find
from streams.suggestion.toml_text import quoted

_MAX_STATES = 20
_MAX_TOLD = 6


def ordered_states(columns: Sequence[Column]) -> tuple[list[str], list[str]]:
    """Return the condition under which a record is an order that counts, if it has a state, and doubts about it."""
    doubts: list[str] = []
    found = find(columns, roles.STATE, lambda it: not it.is_number and len(it.texts) <= _MAX_STATES)
    if not found:
        return [], doubts
    states = list(found[0].texts)
    ordered = [state for state in states if roles.is_ordered(state)]
    others = ", ".join([state for state in states if state not in ordered][:_MAX_TOLD])
    if not ordered:
        doubts.append(f"{found[0].name} is {others}: which of them are orders? All are taken")
        return [], doubts
    if others:
        doubts.append(f"{found[0].name} is {others} in records that are left out")
    if any("refund" in state.casefold() for state in ordered):
        doubts.append(f"{found[0].name} tells of refunds: add [[events]] for their amounts (docs/your-data.md)")
    return [f"{quoted(found[0].name)} = [{', '.join(map(quoted, ordered))}]"], doubts


def columns_of_kinds(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that tell sales from refunds by their values, whatever their names are."""
    few = [it for it in columns if len(it.texts) <= _MAX_STATES and not find([it], roles.STATE)]
    kinds = [(it, {roles.kind_of(text) for text in it.texts}) for it in few]
    return [it for it, found in kinds if "Order Refunded" in found and "" not in found]
