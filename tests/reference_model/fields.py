"""The fields of an event that conditions read: where they stand, and what can be used of it."""

from decimal import Decimal
from typing import Any

from tests.reference_model.properties import Trait, Unusable, is_scalar, number, scalar

MOST = 64


def read_by_conditions(policy: Any, wanted: list[str], body: dict[str, Any]) -> dict[str, Trait]:
    """What conditions read of an event, as far as it can be used."""
    found: dict[str, Trait] = {}
    for name in sorted(wanted):
        paths = policy.fields.get(name, [f"properties.{name}"])
        is_list = any("[]" in path for path in paths)
        values = (listed(path, body, policy) if is_list else single(path, body) for path in paths)
        value = next((each for each in values if each is not None), None)
        if value is not None:
            found[name] = value
    return found


def at(value: Any, names: list[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 256 and not any("\ud800" <= letter <= "\udfff" for letter in value)


def single(path: str, body: dict[str, Any]) -> Trait | None:
    value = at(body, path.split("."))
    if value is None or not is_scalar(value) or (isinstance(value, str) and not is_text(value)):
        return None
    return scalar(value)


def listed(path: str, body: dict[str, Any], policy: Any) -> tuple[str, ...] | None:
    before, _, after = path.partition("[]")
    value = at(body, before.split("."))
    if "[]" in path:
        parts = value if isinstance(value, list) else []
        names = after.split(".")[1:]
        values = [at(part, names) for part in parts if not names or not is_return(part)]
    else:
        values = [value]
    texts = list(dict.fromkeys(text for each in values if (text := text_of(each)).strip()))
    others = [text for text in texts if text not in policy.looked_for][:MOST]
    return tuple(text for text in texts if text in policy.looked_for or text in others) or None


def text_of(value: Any) -> str:
    """A text, or the digits of a whole number; empty for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and is_scalar(value):
        return str(value)
    return value if is_text(value) else ""


def is_return(part: Any) -> bool:
    return isinstance(part, dict) and any(is_negative(part.get(name)) for name in ("quantity", "price"))


def is_negative(value: Any) -> bool:
    try:
        found = number(value)
    except Unusable:
        return False
    return found is not None and is_scalar(Decimal(found)) and found < 0
