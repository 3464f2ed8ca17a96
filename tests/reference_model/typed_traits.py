"""Traits that the policy declares, each read as its type."""

import re
from typing import Any
from zoneinfo import available_timezones

from tests.reference_model.calendar import FIRST_ORDINAL, read_day, write_date, write_instant
from tests.reference_model.policy import Policy
from tests.reference_model.properties import MAX_DOUBLE, Trait, Unusable, number, readable
from tests.reference_model.timestamps import moment

DATE = re.compile(r"\d{4}-\d\d-\d\d", flags=re.ASCII)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
NOTHING: Any = object()
"""Says nothing, as a blank text does."""


def flat_values(traits: Any, policy: Policy) -> dict[str, Any]:
    """Every value under its flat name, objects too; what stands in tags has no name of its own."""
    found: dict[str, Any] = {}
    for outer, value in traits.items() if isinstance(traits, dict) else ():
        found[outer[:256]] = value
        if isinstance(value, dict) and policy.traits.get(outer[:256]) != "tags":
            found |= {f"{outer}_{inner}"[:256]: each for inner, each in value.items()}
    return found


def with_types(known: dict[str, Trait], kind: str, body: dict[str, Any], policy: Policy) -> dict[str, Trait]:
    """The traits of an event, the declared ones read as their types."""
    context = body.get("context")
    said = flat_values(context.get("traits"), policy) if isinstance(context, dict) else {}
    if kind == "identify":
        said |= flat_values(body.get("traits"), policy)
    for name, sort in policy.traits.items():
        if name in said:
            known = {other: value for other, value in known.items() if other != name}
            value = typed(sort, said[name], policy)
            if value is not NOTHING:
                known[name] = value
    return known


def typed(sort: str, value: Any, policy: Policy) -> Any:
    """A value as its type; NOTHING where it says nothing, or does not fit."""
    if value is None:
        return None
    if isinstance(value, str) and not readable(value).strip() and sort != "text":
        return NOTHING
    try:
        return READERS[sort](value, policy)
    except Unusable as unusable:
        if str(unusable) == "not_json":
            raise
        return NOTHING


def text(value: Any, policy: Policy) -> str:
    return whole_text(value)[:256]


def whole_text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Unusable("invalid")
    return readable(value)


def plain(value: Any, policy: Policy) -> int | float:
    written = number(value)
    assert written is not None
    if abs(written) > MAX_DOUBLE:
        raise Unusable("invalid")
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    double = float(written)
    return int(double) if double == int(double) and abs(double) < 2**53 else double


def flag(value: Any, policy: Policy) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("true", "false"):
        return word == "true"
    found = plain(value, policy)
    if found not in (0, 1):
        raise Unusable("invalid")
    return found == 1


def micros(value: Any) -> int:
    found = moment({"it": value}, "it")
    assert found is not None
    return found


def instant(value: Any, policy: Policy) -> str:
    return write_instant(micros(value) // 1000)


def date(value: Any, policy: Policy) -> str:
    if isinstance(value, str) and DATE.fullmatch(value.strip()):
        if read_day(value.strip()) is None:
            raise Unusable("invalid")
        return value.strip()
    day = policy.civil.day(micros(value) // 1000)
    if not 1 <= day + FIRST_ORDINAL <= 3_652_059:
        raise Unusable("invalid")
    return write_date(day)


def texts(value: Any, policy: Policy) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    found = [it for each in listed if each is not None and (it := whole_text(each)).strip()]
    cut = list(dict.fromkeys(it if it in policy.named_texts else it[:256] for it in found))
    others = [it for it in cut if it not in policy.named_texts][:64]
    return tuple(it for it in cut if it in policy.named_texts or it in others)


def tags(value: Any, policy: Policy) -> dict[str, str | None]:
    """Tags by their names, each with its expiry; one that does not fit is left out."""
    if not isinstance(value, list | dict):
        whole_text(value)
    given = (
        value.items() if isinstance(value, dict) else [(it, None) for it in ([value], value)[isinstance(value, list)]]
    )
    found: dict[str, str | None] = {}
    for name, expiry in given:
        try:
            if name is None or not (tag := whole_text(name)).strip():
                continue
            found[tag if tag in policy.named_texts else tag[:256]] = until(expiry, policy)
        except Unusable as unusable:
            if str(unusable) == "not_json":
                raise
    others = sorted(it for it in found if it not in policy.named_texts)[:64]
    return {it: found[it] for it in sorted(found) if it in policy.named_texts or it in others}


def until(expiry: Any, policy: Policy) -> str | None:
    """The last date of a tag, or the instant at which it expires."""
    if expiry is None or (isinstance(expiry, str) and not readable(expiry).strip()):
        return None
    is_date = isinstance(expiry, str) and DATE.fullmatch(expiry.strip())
    return date(expiry, policy) if is_date else instant(expiry, policy)


def zone(value: Any, policy: Policy) -> str:
    """A name of the IANA database, in any case."""
    written = whole_text(value).strip().replace(" ", "_").casefold()
    found = [name for name in ZONES if name.casefold() == written]
    if not found:
        raise Unusable("invalid")
    return found[0]


READERS = {
    "text": text,
    "number": plain,
    "flag": flag,
    "date": date,
    "instant": instant,
    "texts": texts,
    "tags": tags,
    "zone": zone,
}
