"""Signals: what a customer has begun, event by event, what came of it, and what comes again and again."""

from dataclasses import dataclass, field
from typing import Any

from tests.reference_model.calendar import write_instant
from tests.reference_model.events import Fact
from tests.reference_model.features import Features, of_properties
from tests.reference_model.names import key_of
from tests.reference_model.policy import Policy
from tests.reference_model.reasons import in_words, written
from tests.reference_model.signal_rules import Events, SignalRule
from tests.reference_model.standing import Change, Standing, passed, show

MOST_OPEN = 100
STAYED = {"segment": "days_in_segment", "step": "days_on_step", "stage": "days_in_stage"}


@dataclass
class Begun:
    """An occasion: when steps were complete, and the events of the step under way."""

    complete: list[int] = field(default_factory=list)
    events: list[int] = field(default_factory=list)


class Signals:
    """The open occasions of one customer, when each signal was told last, and until when each was asked for."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.told: dict[str, int] = {}
        self.asked: dict[str, int] = {}
        self.forget()

    def forget(self) -> None:
        """Ends what is open."""
        self.open: list[dict[str, Begun]] = [{} for _ in self.policy.signals]

    def next_end(self, standing: Standing) -> int | None:
        pairs = zip(self.policy.signals, self.open, strict=True)
        ends = [ends_at(rule, each) for rule, begun in pairs for each in begun.values()]
        again = [at for rule in self.policy.signals for at in self.next_time(rule, standing)]
        return min(ends + again, default=None)

    def next_time(self, rule: SignalRule, standing: Standing) -> list[int]:
        """When a signal recurs next; empty if it does not."""
        since = since_of(rule, standing)
        if since is None:
            return []
        at = since + rule.every
        while at <= self.asked.get(rule.key, 0):
            at += rule.every
        return [at]

    def take(self, fact: Fact, effect: str, features: Features, standing: Standing) -> list[Change]:
        if fact.kind == "order" and effect != "added":
            return []
        told = []
        for rule, begun in zip(self.policy.signals, self.open, strict=True):
            value = about(rule, fact)
            if rule.unless and matches(rule.unless, fact, features):
                for gone in [value] if value is not None else list(begun):
                    begun.pop(gone, None)
            if value is None:
                continue
            each = begun.get(value) or Begun()
            if not step_forward(rule, each, fact, features):
                continue
            if len(each.complete) == len(rule.steps) and rule.unless is None:
                begun.pop(value, None)
                told += self.change(rule, value, each, features, standing)
                continue
            if value not in begun and len(begun) == MOST_OPEN:
                del begun[min(begun, key=lambda it: (last(begun[it]), it))]
            begun[value] = each
        return told

    def pass_time(self, features: Features, standing: Standing) -> list[Change]:
        """What ends at an instant before which nothing is left to end."""
        told = []
        for rule, begun in zip(self.policy.signals, self.open, strict=True):
            if features.at in self.next_time(rule, standing):
                self.asked[rule.key] = features.at
                told += self.change(rule, "", Begun(), features, standing)
            for value in sorted(begun):
                each = begun[value]
                while begun.get(value) is each and ends_at(rule, each) <= features.at:
                    if not each.complete and len(each.events) > 1:
                        each.events.pop(0)
                        continue
                    del begun[value]
                    if len(each.complete) == len(rule.steps):
                        told += self.change(rule, value, each, features, standing)
        return told

    def change(self, rule: SignalRule, value: str, each: Begun, features: Features, standing: Standing) -> list[Change]:
        show(standing, features)
        features.told = self.told
        if rule.condition is not None and not rule.condition.holds(features):
            return []
        before = self.told.get(rule.key)
        if rule.quiet and before is not None and features.at - before < rule.quiet:
            return []
        parts = [
            f"{step.words}{self.policy.spelled(step.events[0])} at {write_instant(at)}"
            for step, at in zip(rule.steps, each.complete, strict=True)
        ]
        if rule.unless:
            names = ", ".join(dict.fromkeys(map(self.policy.spelled, rule.unless.events)))
            parts.append(f"no {names} ({rule.unless.within_key} {written(rule.unless.within_value)})")
        day_ms, since = self.policy.calendar.day_ms, since_of(rule, standing)
        if since is not None:
            count = (features.at - since) // rule.every
            origin = f"{'' if count == 1 else f'{count} x '}every_days {written(rule.every_days)}"
            parts.append(passed(STAYED[rule.where[0]], features.at - since, count * rule.every, day_ms, origin))
        if rule.condition is not None:
            parts.append(in_words(rule.condition.reasons(features, True)))
        if rule.quiet and before is not None:
            origin = f"quiet_days {written(rule.quiet_days)}"
            parts.append(passed("days_since_told", features.at - before, rule.quiet, day_ms, origin))
        times = [write_instant(at) for at in each.complete]
        self.told[rule.key] = features.at
        return [Change(rule.key, rule.name, value, "Signal Occurred", "; ".join(parts), step_times=times)]


def since_of(rule: SignalRule, standing: Standing) -> int | None:
    """Since when a customer has been where a signal recurs."""
    where, key = rule.where
    if where == "segment":
        return standing.segments.get(key)
    if where == "stage":
        return standing.since if standing.stage == key else None
    ladder, _, step = key.partition(":")
    on = standing.steps.get(ladder)
    return on[1] if on is not None and on[0] == step else None


def matches(events: Events, fact: Fact, features: Features) -> bool:
    if key_of(fact.name) not in map(key_of, events.events):
        return False
    said = dict(fact.properties) | features.moment(fact.at, features.civil)
    return events.where is None or events.where.holds(of_properties(said))


def about(rule: SignalRule, fact: Fact) -> str | None:
    if not rule.per:
        return ""
    value: Any = dict(fact.properties).get(rule.per)
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def step_forward(rule: SignalRule, each: Begun, fact: Fact, features: Features) -> bool:
    """Counts an event; says whether it was one."""
    number = len(each.complete)
    if number < len(rule.steps) and matches(rule.steps[number], fact, features):
        each.events.append(fact.at)
        if len(each.events) == rule.steps[number].times:
            each.complete.append(fact.at)
            each.events.clear()
        return True
    if number > 0 and matches(rule.steps[number - 1], fact, features):
        each.complete[-1] = fact.at
        return True
    return False


def last(each: Begun) -> int:
    return max(*each.complete, *each.events, -1)


def ends_at(rule: SignalRule, each: Begun) -> int:
    if not each.complete:
        return each.events[0] + rule.steps[0].within
    if len(each.complete) < len(rule.steps):
        return each.complete[-1] + rule.steps[len(each.complete)].within
    assert rule.unless
    return each.complete[-1] + rule.unless.within
