"""What the lines of an order brought in, by the values of a field that is a list."""

from decimal import Decimal
from typing import Any

from tests.reference_model.fields import at, is_return, text_of
from tests.reference_model.policy import Policy
from tests.reference_model.properties import MAX_ITEMS, Trait, Unusable, amount, number, object_of


def amounts_by_value(policy: Policy, read: dict[str, Trait], body: dict[str, Any]) -> dict[str, Trait]:
    found: dict[str, Trait] = {}
    for name in policy.priced & read.keys():
        values = read[name]
        lines = lines_of(policy.fields[name], body)
        if not isinstance(values, tuple) or not any(is_priced(line) for value, line in lines if value in values):
            continue
        given = object_of(body.get("properties"))
        by_value = {value: sum(cost(line, given, policy) for each, line in lines if each == value) for value in values}
        if Decimal(sum(by_value.values())).scaleb(-policy.money.places) > policy.money.most:
            by_value = dict.fromkeys(values, 0)
        found[f"amounts of {name}"] = tuple(str(each) for each in by_value.values())
    return found


def lines_of(paths: list[str], body: dict[str, Any]) -> list[tuple[str, Any]]:
    """The texts to which the first path leads that leads to any, each with the line in which it stands."""
    for path in paths:
        before, _, after = path.partition("[]")
        value = at(body, before.split("."))
        names = after.split(".")[1:]
        parts = value if isinstance(value, list) else []
        pairs = [(text_of(at(part, names)), part) for part in parts if not names or not is_return(part)]
        if "[]" not in path:
            pairs = [(text_of(value), None)]
        if any(text.strip() for text, _ in pairs):
            return pairs
    return []


def is_priced(line: Any) -> bool:
    try:
        return isinstance(line, dict) and number(line.get("price")) is not None
    except Unusable:
        return True


def cost(line: Any, given: dict[str, Any], policy: Policy) -> int:
    """Price times quantity; nothing for what no line can have."""
    try:
        price, count = number(line.get("price")), number(line.get("quantity"))
        if price is None or (count is not None and abs(count) > MAX_ITEMS):
            return 0
        return amount(price * (1 if count is None else count), given, policy)
    except Unusable:
        return 0
