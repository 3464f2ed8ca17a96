"""A policy as its TOML file has it."""

import ast
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.reference_model.calendar import Calendar
from tests.reference_model.calls import FIELDS_OF, Call, call_of
from tests.reference_model.conditions import LIMITED, OF_TRAITS, Condition, Measures, measures_of
from tests.reference_model.field_paths import DEFAULT_FIELDS
from tests.reference_model.money import decimals
from tests.reference_model.names import KNOWN, VIEW_KEYS, bare, key_of
from tests.reference_model.signal_rules import SignalRule, signal_rule
from tests.reference_model.version import size_of

QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
CATEGORY = re.compile(r"""("[^"]*"|'[^']*')\s+(not\s+)?in\s+categories""")
LISTED = re.compile(r"""("[^"]*"|'[^']*')\s+(not\s+)?in\s+traits""")
YEARLY = re.compile(r"\b(age|days_until_anniversary)\(\s*(?:trait\s*=\s*)?traits\s*\.\s*(\w+)")
WINDOW = re.compile(r"_([1-9][0-9]*)d\b")
TRAIT = re.compile(r"traits\s*\.\s*(\w+)")
ORDER_KEYS = (key_of("Order Completed"), key_of("Order Updated"))


@dataclass(frozen=True)
class Rule:
    """Who joins, who leaves, and for how many ms everybody stays."""

    enter: Condition
    leave: Condition
    is_leave_given: bool
    stay: int
    stay_days: float
    confirm: int = 0
    confirm_hours: float = 0
    quiet: int = 0
    quiet_days: float = 0


@dataclass(frozen=True)
class Audience:
    key: str
    name: str
    rule: Rule


@dataclass(frozen=True)
class Rung:
    """A step of a ladder; `grace` and `requalify` are in ms, and in days as written."""

    key: str
    rule: Rule
    grace: int
    grace_days: float
    requalify: int
    requalify_days: float


@dataclass(frozen=True)
class Ladder:
    key: str
    name: str
    rungs: list[Rung]


@dataclass(frozen=True)
class Stage:
    """Who is in a stage, and what the steps to it and from it are called; without `enter`, everybody is."""

    key: str
    enter: Condition | None
    leave: Condition | None
    is_leave_given: bool
    entered: str
    left: str


SHIPPED = """
churned; silence == "churned"; churned; won_back
at_risk; silence == "at_risk"; at_risk; recovered
loyal; occasions >= 2 and loyal; became_loyal; loyalty_lapsed
new; occasions >= 1 and occasions < 2; acquired; repeated
repeat; occasions >= 2 and not loyal; repeated; left_repeat
prospect; orders < 1; prospect; left_prospect
"""


def stages_of(named: list[dict[str, str]], measures: Measures) -> list[Stage]:
    if not named:
        rows = [line.split("; ") for line in SHIPPED.strip().splitlines()]
        named = [{"key": it[0], "enter": it[1], "entered": it[2], "left": it[3]} for it in rows]
    found = []
    for each in named:
        key, texts = each["key"], [each.get(name, "").strip() for name in ("enter", "leave")]
        enter, leave = (Condition(text, measures) if text else None for text in texts)
        denied = None if enter is None else enter.denied()
        names = each.get("entered") or key, each.get("left") or f"left_{key}"
        found.append(Stage(key, enter, leave or denied, leave is not None, *names))
    return found


@dataclass(frozen=True)
class Money:
    currency: str
    most: Decimal
    rates: dict[str, Decimal]

    @property
    def places(self) -> int:
        return decimals(self.currency)


@dataclass(frozen=True)
class Scores:
    window: int
    recency: list[float]
    frequency: list[float]
    monetary: list[float]


@dataclass(frozen=True)
class Support:
    shorten_to: float
    bad_rating: float
    rating_counts_days: float
    open_days: float
    rating_counts: int
    open_for: int


PLACEHOLDERS = """
guest;anonymous;anon;unknown;not set;(not set);(none);null;<null>;nil;<nil>;none;undefined;nan;n/a;#n/a;true;false
0;-1;-;[];{};[object Object];00000000-0000-0000-0000-000000000000;00000000000000000000000000000000;{{*}};${*};<%*%>
"""


KEPT = {"prospect": "forget_prospects_after_days", "churned": "forget_churned_after_days"}


@dataclass(frozen=True)
class Policy:
    """A policy; `asked` are those of its measures that profiles have in any case."""

    source: Path
    measures: list[str]
    asked: list[str]
    name: str
    of_accounts: bool
    calendar: Calendar
    lateness: int
    session: int
    money: Money
    not_customers: list[str]
    rating_scale: tuple[Decimal, Decimal]
    traits: dict[str, str]
    fields: dict[str, list[str]]
    zone_trait: str
    slots_a_day: int
    """How many parts a day has by which windows in hours are counted."""
    civil: Calendar
    """The days of the zone, in rehearsals too."""
    occasion: int
    undo_days: int
    one_time_days: float
    one_time_churn_days: float
    patience: dict[str, Any]
    support: Support | None
    loyal: Rule
    stages: list[Stage]
    are_stages_given: bool
    scores: Scores
    ladders: list[Ladder]
    segments: list[Audience]
    excluded: Condition | None
    signals: list[SignalRule]
    kinds: list[tuple[Condition, "Policy"]]
    """What is otherwise for whom a condition holds, as a policy of its own."""
    holdout: tuple[str, Decimal] | None = None
    """Its name, and its percentage."""
    kept: dict[str, int] = field(default_factory=dict)
    """For how long (ms) who is in a stage is known after their last fact."""

    @cached_property
    def rules(self) -> list[Rule]:
        rungs = [rung.rule for ladder in self.ladders for rung in ladder.rungs]
        return [self.loyal, *rungs, *(segment.rule for segment in self.segments)]

    @cached_property
    def conditions(self) -> list[str]:
        first = [] if self.excluded is None else [self.excluded.whole]
        kinds = [condition.whole for condition, _ in self.kinds]
        asked = [condition.whole for rule in self.rules for condition in (rule.enter, rule.leave)]
        staged = [condition.whole for condition in self.stage_conditions] if self.are_stages_given else []
        signalled = [signal.condition.whole for signal in self.signals if signal.condition]
        return [*first, *kinds, *asked[:2], *staged, *asked[2:], *signalled, *self.asked]

    @property
    def stage_conditions(self) -> list[Condition]:
        return [condition for it in self.stages for condition in (it.enter, it.leave) if condition is not None]

    @cached_property
    def windows(self) -> frozenset[int]:
        """The days of the windows that a condition reads."""
        named = {int(days) for text in self.conditions for days in WINDOW.findall(text)}
        called = {days for call in self.calls for days in (call.before, call.before + call.days) if days}
        return frozenset(named | called)

    def slot(self, at: int) -> int:
        return at * self.slots_a_day // self.calendar.day_ms

    def slots_in(self, hours: int) -> int:
        return hours * self.slots_a_day // 24

    def slot_start(self, slot: int) -> int:
        """The first ms of a slot, which may begin within one."""
        return -(-slot * self.calendar.day_ms // self.slots_a_day)

    @cached_property
    def counted(self) -> list[str]:
        """The events that a condition counts or a signal follows, in the order of the text."""
        used = {key_of(call.event) for call in self.calls if call.event}
        first = [call.event for text in self.measures for call in calls_in(text) if key_of(call.event) in used]
        followed = [event for signal in self.signals for each in signal.everything for event in each.events]
        return [*first, *(call.event for call in self.calls if call.event), *followed]

    def spelled(self, event: str) -> str:
        """The name that the facts of an event have."""
        return KNOWN.get(bare(event)) or next(each for each in self.counted if bare(each) == bare(event))

    @cached_property
    def calls(self) -> list[Call]:
        """The calls in the conditions, in the order of the text."""
        return [call for text in self.conditions for call in calls_in(text)]

    def read_of(self, key: str) -> list[str]:
        """The properties that calls read of an event."""
        if key not in self.read:
            self.read[key] = self.found_read_of(key)
        return self.read[key]

    @cached_property
    def moment(self) -> frozenset[str]:
        """What follows from the instant of an event."""
        return frozenset({"hour", "weekday"} - self.fields.keys())

    @cached_property
    def looked_for(self) -> frozenset[str]:
        """The texts that a filter looks for in a list."""
        wheres = [each.where.text for signal in self.signals for each in signal.everything if each.where]
        lists = "|".join(name for name, paths in self.fields.items() if any("[]" in path for path in paths))
        found = [
            re.findall(rf"(\"[^\"]*\"|'[^']*')\s+(?:not\s+)?in\s+(?:{lists})\b", it)
            for it in [*self.conditions, *wheres]
        ]
        return frozenset(it[1:-1] for each in found for it in each) | {call.value for call in self.calls}

    @cached_property
    def priced(self) -> frozenset[str]:
        """The fields of orders of which a condition reads the revenue."""
        return frozenset(FIELDS_OF[call.of] for call in self.calls if call.weight == "revenue")

    @cached_property
    def others(self) -> dict[str, Calendar]:
        return {}

    def civil_of(self, traits: Mapping[str, object]) -> Calendar:
        """The days of the zone that a customer's trait names, otherwise those of the policy's."""
        zone = traits.get(self.zone_trait) if self.zone_trait else None
        if not isinstance(zone, str):
            return self.civil
        return self.others.setdefault(zone, self.others.get(zone) or Calendar(zone, 86400))

    @cached_property
    def read(self) -> dict[str, list[str]]:
        return {}

    def found_read_of(self, key: str) -> list[str]:
        keys = (key, key_of("Order Completed")) if key == key_of("Order Updated") else (key,)
        calls = [call for call in self.calls if key_of(call.event) in keys]
        followed = [
            {*each.names, signal.per}
            for signal in self.signals
            for each in signal.everything
            if key in map(key_of, each.events)
        ]
        names = {name for call in calls for name in (*call.names, call.number)}.union(*followed) - {""}
        weights = ("views",) if key in VIEW_KEYS else ("orders", "revenue") if key in ORDER_KEYS else ()
        tallied = {FIELDS_OF[call.of] for call in self.calls if call.weight in weights}
        return [*(name for name in names if name not in self.moment), *sorted(tallied - names)]

    @cached_property
    def named(self) -> frozenset[str]:
        """The traits that a condition reads."""
        texts = [QUOTED.sub("", text) for text in self.conditions]
        return frozenset({"kind", *self.traits, *(name for text in texts for name in TRAIT.findall(text))})

    @property
    def anniversaries(self) -> frozenset[tuple[str, str]]:
        """The functions that change at midnights, with the traits that conditions give them."""
        return frozenset(found for text in self.conditions for found in YEARLY.findall(text))

    @property
    def named_texts(self) -> frozenset[str]:
        """The texts that a condition looks for in a trait that is a list."""
        return frozenset(found[0][1:-1] for text in self.conditions for found in LISTED.findall(text))

    @cached_property
    def named_categories(self) -> frozenset[str]:
        """The categories that a condition looks for."""
        return frozenset(found[0][1:-1] for text in self.conditions for found in CATEGORY.findall(text))


def calls_in(text: str) -> list[Call]:
    """The calls of functions of events in a condition, in the order of the text."""
    every = [each for each in ast.walk(ast.parse(f"({text}\n)")) if isinstance(each, ast.Call)]
    nodes = [each for each in every if ast.unparse(each.func) not in (*OF_TRAITS, *LIMITED)]
    return [call_of(ast.unparse(each)) for each in sorted(nodes, key=lambda node: (node.lineno, node.col_offset))]


PATIENCE: dict[str, dict[str, Any]] = {
    "rhythm": {"multiple": 2, "churn_multiple": 2, "min_days": 14, "max_days": 120},
    "fixed": {"days": 60, "churn_days": 180},
    "p_alive": {"unit_days": 7, "min_days": 14, "max_days": 365, "min_at_risk_days": 7},
}


def rule(table: dict[str, Any], calendar: Calendar, measures: Measures) -> Rule:
    enter = Condition(table["enter"], measures)
    given = bool(table.get("leave", "").strip())
    leave = Condition(table["leave"], measures) if given else enter.denied()
    days = table.get("min_stay_days", 0)
    hours, quiet_days = table.get("confirm_hours", 0), table.get("quiet_days", 0)
    stay, confirm = round(days * calendar.day_ms), round(hours * calendar.day_ms / 24)
    return Rule(enter, leave, given, stay, days, confirm, hours, round(quiet_days * calendar.day_ms), quiet_days)


def rung(step: dict[str, Any], calendar: Calendar, measures: Measures) -> Rung:
    grace, requalify = step.get("grace_days", 0), step.get("requalify_days", 0)
    day_ms = calendar.day_ms
    return Rung(
        step["key"], rule(step, calendar, measures), round(grace * day_ms), grace, round(requalify * day_ms), requalify
    )


def patience_of(given: dict[str, Any]) -> dict[str, Any]:
    method = given.get("method", "rhythm")
    return {**PATIENCE[method], "method": method, **given}


def support_of(given: dict[str, Any] | None, calendar: Calendar) -> Support | None:
    if given is None:
        return None
    rating_counts_days, open_days = given.get("rating_counts_days", 30), given.get("open_days", 3)
    return Support(
        shorten_to=given.get("shorten_to", 0.5),
        bad_rating=given.get("bad_rating", 2),
        rating_counts_days=rating_counts_days,
        open_days=open_days,
        rating_counts=calendar.span(rating_counts_days),
        open_for=calendar.span(open_days),
    )


def of_kind(given: dict[str, Any], policy: Policy) -> Policy:
    """The policy of one kind: what its lifecycle does not say is as for everybody."""
    scores, rfm = policy.scores, given.get("rfm", {})
    return replace(
        policy,
        one_time_days=given.get("one_time_patience_days", policy.one_time_days),
        one_time_churn_days=given.get("one_time_churn_days", policy.one_time_churn_days),
        patience=patience_of(given["patience"]) if "patience" in given else policy.patience,
        support=support_of(given["support"], policy.calendar) if "support" in given else policy.support,
        scores=replace(
            scores,
            recency=rfm.get("recency_days", scores.recency),
            frequency=rfm.get("frequency_orders", scores.frequency),
            monetary=rfm.get("monetary", scores.monetary),
        ),
    )


def read_policy(path: Path | str) -> Policy:
    """The policy of a file; what it leaves out is as `lifestage policy check` words an empty one."""
    text = Path(path).read_text(encoding="utf-8")
    whole = tomllib.loads(text)
    written = tomllib.loads(text, parse_float=Decimal).get("money", {})
    time, lifecycle, rfm = whole.get("time", {}), whole.get("lifecycle", {}), whole.get("rfm", {})
    calendar = Calendar(time.get("zone", "UTC"), time.get("day_seconds", 86400))
    zone_trait = time.get("zone_trait", "")
    currency = written.get("currency", "USD")
    loyal = lifecycle.get("loyal", {})
    if "enter" not in loyal:  # who gives an `enter` alone leaves when that no longer holds
        loyal = {"enter": "orders_365d >= 6", "leave": "orders_365d < 4", **loyal}
    measures = measures_of(whole.get("measures", []))
    asked = [each["name"] for each in whole.get("measures", []) if each.get("profile", False)]
    intake = tomllib.loads(text, parse_float=Decimal).get("intake", {})
    holdout = tomllib.loads(text, parse_float=Decimal).get("holdout")
    lowest, highest = intake.get("rating_scale", [1, 5])
    policy = Policy(
        source=Path(path),
        measures=[ast.unparse(each) for each in measures.values()],
        asked=[ast.unparse(measures[name]) for name in asked],
        name=whole["name"],
        of_accounts=whole.get("subject", "customer") == "account",
        calendar=calendar,
        lateness=int(time.get("lateness_minutes", 60) * 60_000),
        session=int(whole.get("browsing", {}).get("session_minutes", 30) * 60_000),
        money=Money(
            currency=currency,
            most=Decimal(written.get("most_per_order", 1_000_000 * size_of(currency))),
            rates={code: Decimal(rate) for code, rate in written.get("rates", {}).items()},
        ),
        not_customers=intake.get("not_customers", PLACEHOLDERS.strip().replace("\n", ";").split(";")),
        rating_scale=(Decimal(lowest), Decimal(highest)),
        traits={**whole.get("traits", {}), **({zone_trait: "zone"} if zone_trait else {})},
        zone_trait=zone_trait,
        fields={**DEFAULT_FIELDS, **whole.get("context", {})},
        slots_a_day=1440 // time.get("resolution_minutes", 5),
        civil=Calendar(time.get("zone", "UTC"), 86400) if calendar.rehearsal else calendar,
        occasion=calendar.span(lifecycle.get("occasion_days", 1)),
        undo_days=whole.get("orders", {}).get("undo_days", 400),
        one_time_days=lifecycle.get("one_time_patience_days", 60),
        one_time_churn_days=lifecycle.get("one_time_churn_days", 180),
        patience=patience_of(lifecycle.get("patience", {})),
        support=support_of(lifecycle.get("support"), calendar),
        loyal=rule({"min_stay_days": 30, **loyal}, calendar, measures),
        stages=stages_of(lifecycle.get("stages", []), measures),
        are_stages_given=bool(lifecycle.get("stages")),
        scores=Scores(
            window=rfm.get("window_days", 365),
            recency=rfm.get("recency_days", [30, 60, 120, 240]),
            frequency=rfm.get("frequency_orders", [2, 4, 8, 16]),
            monetary=rfm.get("monetary", [limit * size_of(currency) for limit in (50, 150, 400, 1000)]),
        ),
        ladders=[
            Ladder(each["key"], each["name"], [rung(step, calendar, measures) for step in each["steps"]])
            for each in whole.get("ladders", [])
        ],
        segments=[
            Audience(each["key"], each["name"], rule(each, calendar, measures)) for each in whole.get("segments", [])
        ],
        excluded=Condition(excluded, measures)
        if (excluded := whole.get("customers", {}).get("excluded", "").strip())
        else None,
        signals=[signal_rule(each, calendar.day_ms, measures) for each in whole.get("signals", [])],
        kinds=[],
        holdout=None if holdout is None else (holdout["name"], Decimal(holdout["percent"])),
        kept={
            stage: calendar.span(days)
            for stage, key in KEPT.items()
            if (days := whole.get("retention", {}).get(key)) is not None
        },
    )
    kinds = [(Condition(it["applies_to"], measures), of_kind(it, policy)) for it in whole.get("lifecycles", [])]
    return replace(policy, kinds=kinds)
