"""A policy's version, made from its file and from what section 13 of the semantics says of what a file leaves out."""

import re
import tomllib
from decimal import Decimal
from hashlib import sha256
from typing import Any

from tests.support.programs import ROOT

KEPT = ("forget_prospects_after_days", "forget_churned_after_days")

PAGE = (ROOT / "docs/semantics.md").read_text("utf-8")
ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
PATIENCE = re.compile(r"(?:for `(\w+)`: )?((?:`\w+ = [^`]+`(?:, )?)+)")


def table(name: str) -> str:
    """The defaults of a table, as the page words them."""
    found = re.search(rf"^\| `{re.escape(name)}` \| (.*) \|$", PAGE, re.MULTILINE)
    assert found, name
    return found[1]


def defaults(name: str) -> dict[str, Any]:
    """The defaults of a table as values: `key = value`, or `key`: `one text`, `another`."""
    found = tomllib.loads("\n".join(re.findall(r"`(\w+ = [^`]+)`", table(name))))
    for key, texts in re.findall(r"`(\w+)`: ((?:`[^`]*`(?:, )?)+)", table(name)):
        if " = " not in texts:
            found[key] = re.findall(r"`([^`]*)`", texts)
    return found


def patience(method: str) -> dict[str, Any]:
    for named, keys in PATIENCE.findall(table("lifecycle.patience")):
        if (named or "rhythm") == method:
            return tomllib.loads("\n".join(re.findall(r"`(\w+ = [^`]+)`", keys)))
    raise AssertionError(method)


def size_of(currency: str) -> int:
    rows = re.findall(r"^\| (\d+) \| ([A-Z ]+) \|$", PAGE, re.MULTILINE)
    return next((int(size) for size, currencies in rows if currency in currencies.split()), 1)


def signal_whole(given: dict[str, Any]) -> dict[str, Any]:
    """A signal with everything that the file leaves out."""
    spans = {"where": "", "within_days": 0, "within_hours": 0, "within_minutes": 0}
    steps = [{**spans, "times": 1, **each} for each in given.get("steps", [])]
    unless = {**spans, **given["unless"]} if "unless" in given else None
    return {"description": "", "per": "", "while": "", **given, "steps": steps, "unless": unless}


def patience_whole(given: dict[str, Any]) -> dict[str, Any]:
    return {**patience(given.get("method", "rhythm")), "method": "rhythm", **given}


def kind_whole(given: dict[str, Any]) -> dict[str, Any]:
    """A lifecycle of a kind with everything that the file leaves out."""
    rfm = {"recency_days": None, "frequency_orders": None, "monetary": None, **given.get("rfm", {})}
    support = {**defaults("lifecycle.support"), **given["support"]} if "support" in given else None
    own = {"one_time_patience_days": None, "one_time_churn_days": None, **given, "rfm": rfm, "support": support}
    return {**own, "patience": patience_whole(given["patience"]) if "patience" in given else None}


def is_other(key: str, value: Any) -> bool:
    """Whether a key of [time] counts: not a zone's trait that is none, nor the resolution that nobody need give."""
    return bool(value or value == 0) and (key, value) != ("resolution_minutes", 5)


def whole(text: str) -> dict[str, Any]:
    """A policy with everything that its file leaves out."""
    given = tomllib.loads(text)
    lifecycle = given.get("lifecycle", {})
    kept = patience_whole(lifecycle.get("patience", {}))
    loyal = {**defaults("lifecycle.loyal"), **lifecycle.get("loyal", {})}
    if "enter" in lifecycle.get("loyal", {}) and "leave" not in lifecycle["loyal"]:
        loyal["leave"] = ""
    money = {**defaults("money"), "rates": {}, **given.get("money", {})}
    size = size_of(money["currency"])
    if "most_per_order" not in given.get("money", {}):
        money["most_per_order"] *= size
    rfm = {**defaults("rfm"), **given.get("rfm", {})}
    if "monetary" not in given.get("rfm", {}):
        rfm["monetary"] = [limit * size for limit in rfm["monetary"]]
    support = lifecycle.get("support")
    stages = [{"enter": "", "leave": "", "entered": "", "left": "", **it} for it in lifecycle.get("stages", [])]
    segments = [
        {"description": "", "leave": "", "min_stay_days": 0, **segment} for segment in given.get("segments", [])
    ]
    measures = [{"description": "", "profile": False, **each} for each in given.get("measures", [])]
    step = {"description": "", "leave": "", "min_stay_days": 0, "grace_days": 0, "requalify_days": 0}
    ladders = [
        {"description": "", **ladder, "steps": [{**step, **each} for each in ladder["steps"]]}
        for ladder in given.get("ladders", [])
    ]
    for each in (*segments, *(step for ladder in ladders for step in ladder["steps"])):
        if not each.get("confirm_hours"):
            each.pop("confirm_hours", None)
        if not each.get("quiet_days"):
            each.pop("quiet_days", None)
    known = {"name", "time", "money", "browsing", "lifecycle", "rfm", "segments", "ladders", "traits", "context"}
    known |= {"retention", "customers", "holdout", "measures", "subject", "signals", "lifecycles"}
    signals = [signal_whole(each) for each in given.get("signals", [])]
    traits = {"traits": given["traits"]} if given.get("traits") else {}
    traits |= {"context": given["context"]} if given.get("context") else {}
    excluded = given.get("customers", {}).get("excluded", "")
    customers = {"customers": {"excluded": excluded}} if excluded.strip() else {}
    others = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## 13")[2], re.MULTILINE)) - known
    subject = {"subject": given["subject"]} if given.get("subject", "customer") != "customer" else {}
    return {
        "name": given["name"],
        **subject,
        "time": {key: it for key, it in {**defaults("time"), **given.get("time", {})}.items() if is_other(key, it)},
        "money": money,
        "browsing": {**defaults("browsing"), **given.get("browsing", {})},
        "lifecycle": {
            **({"stages": stages} if stages else {}),
            **defaults("lifecycle"),
            **{key: value for key, value in lifecycle.items() if not isinstance(value, dict) and key != "stages"},
            "patience": kept,
            "loyal": loyal,
            "support": None if support is None else {**defaults("lifecycle.support"), **support},
        },
        "rfm": rfm,
        "segments": segments,
        **traits,
        **customers,
        **({"retention": {key: retention.get(key) for key in KEPT}} if (retention := given.get("retention")) else {}),
        **({"holdout": given["holdout"]} if "holdout" in given else {}),
        **({"measures": measures} if measures else {}),
        **({"ladders": ladders} if ladders else {}),
        **({"signals": signals} if signals else {}),
        **({"lifecycles": [kind_whole(each) for each in given["lifecycles"]]} if given.get("lifecycles") else {}),
        **{name: {**defaults(name), **given.get(name, {})} for name in others},
    }


def double(number: float) -> str:
    decimal = Decimal(repr(float(number)))
    digits = "".join(map(str, decimal.as_tuple().digits)).rstrip("0") or "0"
    power = decimal.adjusted()
    if number and not -5 <= power < 16:
        return f"{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{power}"
    text = f"{decimal:f}"
    return text if "." in text else f"{text}.0"


def text_of(value: str) -> str:
    return '"' + "".join(ESCAPED.get(each, f"\\u{ord(each):04x}" if each < " " else each) for each in value) + '"'


def as_json(value: Any, key: str = "") -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{text_of(name)}:{as_json(value[name], name)}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(as_json(each, key) for each in value) + "]"
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if key in whole_numbers() else double(value)


def whole_numbers() -> set[str]:
    """The keys of whole numbers, as the page lists them."""
    sentence = re.search(r"escaped.*?\.\s+((?:`\w+`(?:, | and\s+)?)+) are whole numbers", PAGE, re.DOTALL)
    assert sentence
    return set(re.findall(r"`(\w+)`", sentence[1]))


def version(text: str) -> str:
    policy = whole(text)
    return f"{policy['name']}@{sha256(as_json(policy).encode()).hexdigest()[:8]}"
