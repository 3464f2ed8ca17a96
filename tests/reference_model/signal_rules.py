"""The rules of signals as a policy's file has them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.reference_model.calls import WORDS, AsTraits
from tests.reference_model.conditions import Condition, Measures

UNITS = {"within_days": 0, "within_hours": 3_600_000, "within_minutes": 60_000}


@dataclass(frozen=True)
class Events:
    """Events by name, and the time that the policy gives them."""

    events: tuple[str, ...]
    times: int
    where: Condition | None
    names: frozenset[str]
    within_key: str
    within_value: float
    within: int

    @property
    def words(self) -> str:
        return f"{self.times} x " if self.times > 1 else ""


@dataclass(frozen=True)
class SignalRule:
    key: str
    name: str
    per: str
    steps: tuple[Events, ...]
    unless: Events | None
    condition: Condition | None
    every: int = 0
    every_days: float = 0
    where: tuple[str, str] = "", ""
    """A key of the policy, and what it says: where a customer must be."""
    quiet: int = 0
    quiet_days: float = 0
    whole: str = ""
    """What says what an occasion is: the key, `per`, the steps and `unless`."""

    @property
    def everything(self) -> Iterator[Events]:
        yield from self.steps
        if self.unless:
            yield self.unless


def events_of(table: dict[str, Any], day_ms: int) -> Events:
    text = table.get("where", "").strip()
    node = ast.parse(f"({text})", mode="eval").body if text else None
    read = [] if node is None else [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
    key = next((each for each in UNITS if each in table), "")
    value = table.get(key, 0)
    return Events(
        events=tuple(each.strip() for each in table.get("events", [table.get("event")])),
        times=table.get("times", 1),
        where=None if node is None else Condition(ast.unparse(AsTraits().visit(node))),
        names=frozenset(read) - set(WORDS),
        within_key=key,
        within_value=value,
        within=max(1, int(value * (UNITS[key] or day_ms))) if key else 0,
    )


def signal_rule(table: dict[str, Any], day_ms: int, measures: Measures) -> SignalRule:
    text = table.get("while", "")
    every_days, quiet_days = table.get("every_days", 0), table.get("quiet_days", 0)
    return SignalRule(
        key=table["key"],
        name=table["name"],
        per=table.get("per", ""),
        steps=tuple(events_of(each, day_ms) for each in table.get("steps", [])),
        unless=events_of(table["unless"], day_ms) if "unless" in table else None,
        condition=Condition(text, measures) if text.strip() else None,
        every=round(every_days * day_ms),
        every_days=every_days,
        where=next(((each, table[each]) for each in ("segment", "step", "stage") if each in table), ("", "")),
        quiet=round(quiet_days * day_ms),
        quiet_days=quiet_days,
        whole=repr([table["key"], table.get("per", ""), table.get("steps", []), table.get("unless")]),
    )
