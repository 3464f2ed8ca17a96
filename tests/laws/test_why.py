"""Every `why` is true: read by a parser of its own, and recomputed from the customer at that instant."""

import ast
import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from schemas.change import Change
from schemas.events import AnyFact
from schemas.fact_order import in_order
from schemas.instant import to_text
from state.bgnbd import p_alive
from state.conditions.nodes import FeatureRef
from state.conditions.parse_operands import OperandParser
from state.customer.customer import Customer, first_seen
from state.customer.packing import pack, unpack
from state.customer.past_stays import PastStays, with_stay
from state.customer.short_reason import in_full, shortened
from state.policy.lifecycle_shape import Fixed, PAlive, Rhythm
from state.policy.signal_shape import Signal
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from tests.support.histories import DAY, facts, rules

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, values: value in values,
    "not in": lambda value, values: value not in values,
}
# A call in it may have signs of its own, in its parentheses.
PART = re.compile(r"(?P<left>(?:\w+\([^()]*\)|[^\w]|\w)+?) (?P<sign>==|!=|<=|>=|<|>|not in|in) (?P<right>.+)")
CALLED = re.compile(r"(?P<denied>not )?(?P<call>\w+\([^)]+\))")
EXPLAINED = re.compile(r"(?P<number>-?[\d.]+) \((?P<origins>.+)\)")
OF_EVENTS = re.compile(r"(?:\d+ x )?.+ at \d{4}-\d{2}-\d{2}T[\d:.]+Z|no .+ \(within_(?:days|hours|minutes) [\d.]+\)")
"""A part of the `why` of a signal that tells events; what comes of them has cases of its own."""
VALUED = re.compile(r"(?P<text>.+) (?P<value>-?\d[\d.]*|\".*\"|true|false)")
ABOUT = Fraction(1, 10_000)
CALCULATE = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


@dataclass
class Standing:
    """What the transitions so far say of a customer."""

    stage: str = "prospect"
    since: int = 0
    why: str = ""
    previous: tuple[str | None, int] = None, 0
    past_stays: dict[str, PastStays] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)
    left: dict[str, PastStays] = field(default_factory=dict)
    steps: dict[str, tuple[str, int]] = field(default_factory=dict)
    past_steps: dict[str, PastStays] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    def take(self, decision: Decision) -> None:
        change = decision.change
        if change.is_republished:
            return
        if change.is_signal and change.key is not None:
            self.told[change.key] = change.at
        elif change.key is None:
            self.previous = self.stage, change.at - self.since
            past = with_stay(self.past_stays.get(self.stage), self.since, change.at)
            self.past_stays = {**self.past_stays, self.stage: past}
            self.stage, self.since, self.why = change.to, change.at, decision.figures.why
        elif change.direction:
            before, since = self.steps.pop(change.key, ("none", 0))
            assert change.from_ == before
            if before != "none":
                place = f"{change.key}:{before}"
                past = with_stay(self.past_steps.get(place), since, change.at)
                self.past_steps = {**self.past_steps, place: past}
            if change.to != "none":
                self.steps[change.key] = change.to, change.at
        elif change.to == "in":
            self.joined[change.key] = change.at
        else:
            since = self.joined.pop(change.key)
            self.left = {**self.left, change.key: with_stay(self.left.get(change.key), since, change.at)}


class Reader:
    """Reads the `why` of one change, and asserts that each part of it is true."""

    def __init__(self, rulebook: Rulebook, customer: Customer, standing: Standing, change: Change) -> None:
        self.policy = rulebook.compiled.policy
        self.catalogue = rulebook.compiled.catalogue
        self.customer, self.standing, self.change = customer, standing, change
        self.at = change.at

    @property
    def signal(self) -> Signal:
        """The signal that the change is."""
        return next(it for it in self.policy.signals if it.key == self.change.key)

    def feature(self, name: str) -> Any:
        if name == "days_since_joining" and self.change.key is not None:
            return Fraction(self.at - self.standing.joined[self.change.key], DAY)
        if name == "days_since_entered" and self.change.key is not None:
            return Fraction(self.at - self.standing.left[self.change.key].entered, DAY)
        if name == "days_on_step" and self.change.key is not None:
            ladder = self.signal.step.partition(":")[0] if self.change.is_signal else self.change.key
            return Fraction(self.at - self.standing.steps[ladder][1], DAY)
        if name == "days_in_segment":
            return Fraction(self.at - self.standing.joined[self.signal.segment], DAY)
        if name == "days_since_told" and self.change.key is not None:
            return Fraction(self.at - self.standing.told[self.change.key], DAY)
        if name == "days_since_rating":
            return Fraction(self.at - self.customer.support.rated_at, DAY)
        value = self.catalogue.features[name].formula.value(self.customer, self.at, self.catalogue.day_of(self.at))
        return Fraction(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    def is_valid(self, expiry: str | None) -> bool:
        """Tell whether a tag of that expiry has not expired."""
        if expiry is None:
            return True
        if len(expiry) > len("2017-12-31"):
            return datetime.fromisoformat(expiry).timestamp() * 1000 > self.at
        shown = datetime.fromtimestamp(self.at / 1000, ZoneInfo(self.policy.time.zone))
        return shown.date().isoformat() <= expiry

    def calculated(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value):
                return Fraction(repr(value)) if isinstance(value, int | float) else value
            case ast.List(items):
                return [self.calculated(item) for item in items]
            case ast.Name(name):
                return self.feature(name)
            case ast.Call(ast.Name("at_most" | "at_least" as limited), [of, limit]):
                value, bound = self.calculated(of), self.calculated(limit)
                return min(value, bound) if limited == "at_most" else max(value, bound)
            case ast.Call():
                source = f"({ast.unparse(node)})"
                operand = OperandParser(source, self.catalogue).operand(ast.parse(source, mode="eval").body)
                assert isinstance(operand, FeatureRef)
                return self.feature(operand.feature.name)
            case ast.Attribute(_, name):
                known = self.customer.traits.get(name)
                return [tag for tag, end in known.items() if self.is_valid(end)] if isinstance(known, dict) else known
            case ast.UnaryOp(ast.USub(), of):
                return -self.calculated(of)
            case ast.BinOp(left, sign, right):
                return CALCULATE[type(sign)](self.calculated(left), self.calculated(right))
            case _:
                raise AssertionError(ast.dump(node))

    def side(self, text: str) -> Any:
        """The value that a side prints, which must be that of the customer."""
        valued = VALUED.fullmatch(text)
        if valued is None:
            return self.calculated(ast.parse(text, mode="eval").body)
        name, value = valued["text"], valued["value"]
        printed = Fraction(value) if value[0] in "-0123456789" else json.loads(value)
        if name == "days_since_joining" and self.change.key is None:  # the loyal rule, which nobody sees joined
            return printed
        if name in ("days_held", "hours_held"):  # a law of its own finds since when
            assert printed >= 0
            assert name == "hours_held" or printed <= self.feature("days_on_step") + ABOUT
            return printed
        real = self.calculated(ast.parse(name, mode="eval").body)
        if isinstance(printed, Fraction):
            places = len(value.partition(".")[2])
            assert abs(printed - real) <= max(Fraction(1, 2 * 10 ** max(places, 4)), abs(real) / 10**12), (text, real)
            assert places <= 4 or Fraction(round(real, 4)) != printed
        else:
            assert printed == real
        return printed

    def check(self, part: str) -> str:
        """Assert that a part is true; return what it is about."""
        if part.endswith(" is not known"):
            assert self.calculated(ast.parse(part.removesuffix(" is not known"), mode="eval").body) is None
            return part
        if " is no " in part:
            name, _, kind = part.rpartition(" is no ")
            value = self.customer.traits[name.removeprefix("traits.")]
            sort = "flag" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
            assert kind in ("flag", "text", "number") and kind != sort
            return part
        if part.endswith(" is known"):
            assert self.calculated(ast.parse(part.removesuffix(" is known"), mode="eval").body) is not None
            return part
        if part in ("loyal", "not loyal"):
            assert (part == "loyal") is (self.change.to == "loyal")
            return part
        if flag := CALLED.fullmatch(part):
            assert self.calculated(ast.parse(flag["call"], mode="eval").body) is (flag["denied"] is None)
            return part
        match = PART.fullmatch(part)
        assert match, part
        left, right = self.side(match["left"]), match["right"]
        explained = EXPLAINED.fullmatch(right)
        limit = Fraction(explained["number"]) if explained else self.side(right)
        assert COMPARE[match["sign"]](left, limit), part
        if explained:
            origins = explained["origins"].split(", ")
            self.explain(limit, origins, part)
            return f"{match['left'].split()[0]} {origins[-1].rpartition(' ')[0]}"
        return match["left"]

    def explain(self, number: Fraction, origins: list[str], part: str) -> None:
        """Assert that each origin gives the last number before it."""
        for origin in origins:
            number = self.origin(number, origin, part)
        assert number == -1, part

    def origin(self, number: Fraction, origin: str, part: str) -> Fraction:
        lifecycle, patience = self.policy.lifecycle, self.policy.lifecycle.patience
        words = origin.split()
        if words[1:3] in (["x", "requalify_days"], ["x", "every_days"]):
            number, words = number / int(words[0]), words[2:]
        match words:
            case ["p_alive", "falls", "to", key, value] if isinstance(patience, PAlive):
                assert Fraction(value) == Fraction(repr(getattr(patience, key)))
                assert abs(self.alive(patience, float(number)) - float(value)) < 1e-4, part
                return Fraction(-1)
            case ["multiple", factor, "x", "mean_gap_days", gap] if isinstance(patience, Rhythm):
                assert float(factor) == patience.multiple
                assert abs(Fraction(gap) - self.feature("mean_gap_days")) <= ABOUT
                assert abs(Fraction(factor) * Fraction(gap) - number) <= ABOUT * (1 + Fraction(factor)), part
                return Fraction(-1)
            case ["churn_multiple" | "shorten_to" as key, factor, "x", of]:
                owner: Any = patience if key == "churn_multiple" else lifecycle.support
                assert float(factor) == getattr(owner, key)
                assert abs(Fraction(factor) * Fraction(of) - number) <= ABOUT * (1 + Fraction(factor)), part
                return Fraction(of)
            case [of, "+", "min_at_risk_days", least, "=", total, ">=", without] if isinstance(patience, PAlive):
                assert float(least) == patience.min_at_risk_days
                assert abs(Fraction(of) + Fraction(least) - Fraction(total)) <= ABOUT
                assert abs(Fraction(total) - number) <= ABOUT and Fraction(total) >= Fraction(without), part
                return Fraction(without)
            case ["min_days" as key, value, ">=" | "<=" as sign, without]:
                return self.bound(number, Fraction(value), key, sign, Fraction(without))
            case ["max_days" as key, value, "<=" as sign, without]:
                return self.bound(number, Fraction(value), key, sign, Fraction(without))
            case ["2", "x", "max_days" as key, value, "<=" as sign, without]:
                return self.bound(number, Fraction(value), key, sign, Fraction(without), times=2)
            case [key, value]:
                assert float(value) in self.stated(key), part
                assert abs(number - Fraction(value)) <= ABOUT, part
                return Fraction(-1)
            case _:
                raise AssertionError(f"{origin} in {part}")

    def stated(self, key: str) -> list[float]:
        """What the policy has under a key, in all places that the change can have it from."""
        lifecycle, patience, change = self.policy.lifecycle, self.policy.lifecycle.patience, self.change
        if self.change.is_signal:
            return [getattr(self.signal, key)]
        if key not in ("min_stay_days", "grace_days", "requalify_days", "confirm_hours", "quiet_days"):
            holders: list[Any] = [lifecycle, lifecycle.support] + [patience] * isinstance(patience, Fixed)
            return [getattr(holder, key) for holder in holders if hasattr(holder, key)]
        step = change.to if key == "confirm_hours" else change.from_
        own: list[Any] = [lifecycle.loyal] if change.key is None else []
        own += [it for it in self.policy.segments if it.key == change.key]
        own += [
            it for ladder in self.policy.ladders if ladder.key == change.key for it in ladder.steps if it.key == step
        ]
        return [getattr(it, key) for it in own if hasattr(it, key)]

    def bound(
        self, number: Fraction, value: Fraction, key: str, sign: str, without: Fraction, times: int = 1
    ) -> Fraction:
        assert float(value) == getattr(self.policy.lifecycle.patience, key)
        assert abs(number - times * value) <= ABOUT
        assert COMPARE[sign](times * value, without)
        return without

    def alive(self, patience: PAlive, silence: float) -> float:
        """P(alive) after a silence in days."""
        purchases, unit = self.customer.purchases, patience.unit_days
        first = purchases.first() or 0
        span, age = (purchases.occasion_at - first) / DAY, ((purchases.last() or 0) - first) / DAY + silence
        shape = {"r": patience.r, "alpha": patience.alpha, "a": patience.a, "b": patience.b}
        return p_alive(purchases.occasions - 1, span / unit, age / unit, **shape)


def expected(change: Change, standing: Standing, occasions: int) -> list[str]:
    """What the first parts of a change of stage must be about."""
    silent = ("at_risk", "churned")
    if change.to == "prospect":
        return ["orders"]
    if change.to in silent:
        return ["days_since_order", "days_since_order"] if standing.stage == "churned" else ["days_since_order"]
    return ["days_since_order"] * (standing.stage in silent) + ["occasions"] + [""] * (occasions > 1)


CHURN_KEYS = ("one_time_churn_days", "churn_days", "churn_multiple", "churn_limit")
RISK_KEYS = ("one_time_patience_days", "days", "multiple", "limit")


def check(decision: Decision, customer: Customer, standing: Standing, rulebook: Rulebook) -> None:
    change, why = decision.change, decision.figures.why
    seen = unpack(pack(customer))
    seen.stage, seen.since, seen.steps = standing.stage, standing.since, dict(standing.steps)
    seen.signals_told = dict(standing.told)
    seen.memberships, seen.past_memberships = dict(standing.joined), standing.left
    seen.past_steps = standing.past_steps
    (seen.previous_stage, seen.previous_ms), seen.past_stays = standing.previous, standing.past_stays
    if change.is_republished:
        assert why == f"member_since {to_text(standing.joined[change.key or ''])}"
        return
    parts = why.split("; ")
    reader = Reader(rulebook, seen, standing, change)
    assert why and len(parts) == len(set(parts)), why
    for part in parts:
        if not (change.is_signal and OF_EVENTS.fullmatch(part)):
            reader.check(part)
    assert in_full(shortened(why)) == why
    if change.key is not None:
        return
    first = expected(change, standing, customer.purchases.occasions)
    assert len(parts) >= len(first)
    names = [part.split()[0] for part in parts if not part.startswith(("last_rating", "days_since_r", "oldest_t"))]
    assert all(it in ("", name) for it, name in zip(first, names, strict=False)), why
    if change.to in ("at_risk", "churned"):
        decided = next(part for part in parts if " >= " in part and part.startswith("days_since_order"))
        words = decided.replace("(", " ").replace(",", " ").split()
        assert any(key in words for key in (CHURN_KEYS if change.to == "churned" else RISK_KEYS)), why
        assert change.to == "churned" or not any(key in words for key in CHURN_KEYS), why


@given(st.data())
def test_every_part_of_every_why_is_true(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history: list[AnyFact] = in_order(data.draw(facts()))
    customer, standing = first_seen(history[0].at), Standing(since=history[0].at)

    def judge(decisions: list[Decision]) -> None:
        for decision in decisions:
            check(decision, customer, standing, rulebook)
            standing.take(decision)

    for fact in history:
        by_time: list[Decision] = []
        rulebook.elapse(customer, fact.at, by_time)
        judge(by_time)
        by_fact: list[Decision] = []
        rulebook.advance(customer, fact, by_fact)
        judge(by_fact)
    last: list[Decision] = []
    rulebook.elapse(customer, history[-1].at + 250 * DAY, last)
    judge(last)
    assert in_full(customer.why) == standing.why
