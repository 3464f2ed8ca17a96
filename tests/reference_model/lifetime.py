"""A customer's whole life under a policy: every decision, in order."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import takewhile
from typing import Any

from tests.reference_model.adoption import adopted, known_again, reigns, remembered, without_what_is_gone
from tests.reference_model.calendar import write_instant
from tests.reference_model.events import Fact
from tests.reference_model.features import Features, is_held_out
from tests.reference_model.memory import Memory
from tests.reference_model.passing import instants
from tests.reference_model.patience import displeased, reached, shortened, silences
from tests.reference_model.policy import Policy
from tests.reference_model.publication import Cause, Transition, forgotten, publish
from tests.reference_model.signals import Signals
from tests.reference_model.standing import Change, Standing, decision, membership, show, stage_of, step
from tests.reference_model.succession import Successor
from tests.reference_model.version import version

SEQUENCE = ("identify", "order", "update", "refund", "cancel", "open", "rate", "solve")


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: (fact.at, sequence(fact.kind), fact.message_id, content(fact)))


def sequence(kind: str) -> int:
    """What makes comes before what changes, then comes browsing, and last who asks."""
    if kind == "ask":
        return len(SEQUENCE) + 1
    return SEQUENCE.index(kind) if kind in SEQUENCE else len(SEQUENCE)


def content(fact: Fact) -> str:
    """What a fact says besides its instant and its messageId."""
    said: dict[str, list[Any]] = {
        "order": [fact.order_id, fact.amount, fact.items, fact.categories, more(fact)],
        "refund": [fact.order_id, fact.amount, fact.own and [fact.own[0] or None, fact.own[1]]],
        "cancel": [fact.order_id],
        "open": [fact.ticket_id],
        "solve": [fact.ticket_id],
        "rate": [fact.ticket_id, fact.rating],
        "identify": [dict(fact.traits)],
        "ask": [fact.segment],
    }
    said["update"] = said["order"]
    traits = dict(fact.traits) if fact.traits and fact.kind != "identify" else None
    besides = [traits, dict(fact.properties)] if fact.properties else [traits] if traits else []
    return json.dumps(
        [fact.name, *said.get(fact.kind, []), *besides], separators=(",", ":"), sort_keys=True, ensure_ascii=False
    )


def more(fact: Fact) -> list[Any] | None:
    """What few orders say."""
    said = [fact.own, fact.discount, fact.coupon, fact.reinstated]
    return said if any(said) else None


def sorted_out(ordered: list[Fact], lateness: int) -> tuple[list[Fact], list[Fact]]:
    """The facts that count, and those in conflict; all others are duplicates."""
    first: dict[tuple[str, ...], Fact] = {}
    heard: dict[tuple[str, ...], set[str]] = {}
    kept, conflicts = [], []
    for fact in ordered:
        event = (fact.message_id, fact.name, fact.order_id, fact.ticket_id)
        if event not in first or fact.at - first[event].at > lateness:
            kept.append(fact)
            first[event], heard[event] = fact, set()
        elif content(fact) not in heard[event]:
            conflicts.append(fact)
        heard[event].add(content(fact))
    return kept, conflicts


class Life:
    """One customer, decided fact by fact."""

    def __init__(self, policy: Policy, first: Fact) -> None:
        self.policy = policy
        self.user_id = first.user_id
        self.memory = Memory(policy, first.at, user_id=first.user_id)
        self.of_everybody = policy
        self.standing = Standing(policy.stages[-1].key, first.at, None, {})
        self.at = self.heard_at = first.at
        self.is_over = False
        self.transitions: list[Transition] = []
        self.published: Counter[tuple[Any, ...]] = Counter()
        self.forgotten: list[Fact] = []
        self.strangers: list[Fact] = []
        self.signals = Signals(policy)
        self.kept_until = first.at
        """The instant after which the customer may be forgotten at first."""

    def take(self, fact: Fact) -> None:
        self.heard_at = fact.at
        effect = self.memory.take(fact)
        self.policy = self.of_kind()
        cause = Cause("event", fact.name, fact.message_id)
        self.decide(fact.at, cause, effect)
        if self.standing.stage == "excluded":
            self.signals.forget()
            return
        features = Features(self.policy, self.memory, fact.at)
        self.tell_signals(self.signals.take(fact, effect, features, self.standing), cause)

    def answer(self, fact: Fact) -> None:
        """Tells once more that the customer is in a segment; nothing is decided."""
        since = self.standing.segments.get(fact.segment)
        if since is not None:
            name = next(each.name for each in self.policy.segments if each.key == fact.segment)
            told = Change(fact.segment, name, "in", "in", f"member_since {write_instant(since)}")
            self.tell([told], Cause("event", fact.name, fact.message_id))

    def of_kind(self) -> Policy:
        """The policy with the lifecycle and the scores of the customer's kind."""
        features = Features(self.of_everybody, self.memory, self.at)
        kinds = self.of_everybody.kinds
        return next((policy for applies_to, policy in kinds if applies_to.holds(features)), self.of_everybody)

    def pass_until(self, upto: int) -> None:
        """Lets time pass, by which the customer may be forgotten."""
        while not self.is_over:
            over = self.over()
            last = upto if over is None else min(upto, over - 1)
            end = self.signals.next_end(self.standing)
            if self.decide_once(last if end is None else min(end, last)):
                continue  # what is decided may change when a signal recurs, and when the customer is forgotten
            if end is not None and end <= last:
                features = Features(self.policy, self.memory, end)
                self.tell_signals(self.signals.pass_time(features, self.standing), Cause("deadline"))
            elif over is None or over > upto:
                return
            else:
                self.at, self.is_over = over, True
                self.transitions.append(forgotten(self.policy, self.user_id, over, self.standing.stage, self.seq()))

    def seq(self) -> int:
        return len(self.transitions) + 1

    def over(self) -> int | None:
        """When the customer is forgotten, if nothing happens."""
        kept = self.of_everybody.kept.get(self.standing.stage)
        return None if kept is None else max(max(self.standing.since, self.heard_at) + kept, self.kept_until + 1)

    def adopt(self, successor: Successor) -> None:
        """Goes on under another policy, which decides everything anew."""
        at, policy, before = successor.at, successor.policy, self.of_everybody
        told, published = len(self.transitions), self.published.copy()
        coming = self.coming_at(at)
        self.at = self.kept_until = at
        cause = Cause("policy", version(policy.source.read_text("utf-8")))
        self.memory.adopt(policy, at)
        known_again(self.memory, policy)
        self.of_everybody = policy
        self.policy = self.of_kind()
        self.standing = remembered(self.standing, before, policy)
        self.signals = adopted(self.signals, policy, at)
        self.standing, gone = without_what_is_gone(replace(self.standing, told=dict(self.signals.told)), policy, at)
        self.tell(gone, cause, coming)
        self.decide(at, cause, "")
        if self.standing.stage == "excluded":
            self.signals.forget()
        if successor.silently:
            del self.transitions[told:]
            self.published = published

    def coming_at(self, at: int) -> dict[str, Any]:
        """What the policy before foretells."""
        self.at = at
        return self.coming()

    def decide_once(self, upto: int) -> bool:
        """Lets time pass until a decision that it brings about; says whether there was one before the end, or then."""
        before = self.standing
        for at in instants(self.policy, self.memory, before, self.at, upto):
            if decision(self.policy, self.memory, before, at)[0] != before:
                self.decide(at, Cause("deadline"), "")
                return True
        self.at = max(self.at, upto)
        return False

    def decide(self, at: int, cause: Cause, effect: str) -> None:
        self.at = at
        self.standing, changes = decision(self.policy, self.memory, self.standing, at, effect)
        self.tell(changes, cause)

    def tell_signals(self, changes: list[Change], cause: Cause) -> None:
        """Tells signals, and decides once more: a segment or a step may ask when they were told."""
        self.tell(changes, cause)
        if changes:
            self.standing = replace(self.standing, told=dict(self.signals.told))
            self.decide(self.at, cause, "")

    def tell(self, changes: list[Change], cause: Cause, foretold: dict[str, Any] | None = None) -> None:
        at = self.at
        if changes:
            figures = {**self.figures(), **(self.coming() if foretold is None else foretold)}
            for change in changes:
                alike = (at, change.key, change.before, change.after, cause.kind, cause.message_id)
                own = replace(cause, again=self.published[alike])
                self.published[alike] += 1
                seq = self.seq()
                since = {"member_since": self.standing.segments.get(change.key or "")}
                self.transitions.append(publish(self.policy, self.user_id, at, change, own, seq, figures | since))

    def figures(self) -> dict[str, Any]:
        features = Features(self.policy, self.memory, self.at)
        patience: float | None = None
        if self.memory.orders:
            silence, _ = silences(self.policy, self.memory)
            if displeased(self.policy, self.memory, self.at):
                silence = shortened(self.policy, silence)
            patience = silence / self.policy.calendar.day_ms
        revenue, unit = sum(order.left for order in self.memory.orders), features.unit
        doubles = {
            "average_order_value": revenue / len(self.memory.orders) / unit if self.memory.orders else None,
            "recency_days": as_double(features("days_since_order")),
            "mean_gap_days": as_double(features("mean_gap_days")),
            "patience_days": patience,
        }
        return {
            "stage": self.standing.stage,
            "orders": features("orders"),
            "revenue": revenue / unit,
            **{name: None if value is None else round(value, 4) for name, value in doubles.items()},
            **self.whole_standing(),
        }

    def whole_standing(self) -> dict[str, Any]:
        keys = sorted(self.standing.segments)
        stays = self.standing.stays
        return {
            "segments": keys[:100],
            "segment_count": len(keys),
            "steps": [f"{key}:{on[0]}" for key, on in sorted(self.standing.steps.items())],
            "holdout": is_held_out(self.policy, self.user_id),
            "previous_stage": stays[-1][0] if stays else None,
            "previous_stage_since": write_instant(stays[-1][1]) if stays else None,
        }

    def coming(self) -> dict[str, Any]:
        """The next change of the lifecycle if nothing happens."""
        memory, policy, standing = self.memory, self.policy, self.standing
        none = {"next_transition": None, "next_at": None}
        if not memory.orders or standing.silence == "churned" or standing.stage == "excluded":
            return none

        def coming_to(at: int, **changed: Any) -> dict[str, Any]:
            features = Features(policy, memory, at)
            show(replace(standing, **changed), features)
            stage = stage_of(policy, standing, features)
            name = step(policy, standing.stage, stage, "", False) if stage.key != standing.stage else None
            return {"next_transition": name, "next_at": at} if name else none

        patience, churn = silences(policy, memory)
        end = memory.orders[-1].at + churn
        has_loyalty_changed = False
        for at in instants(policy, memory, standing, self.at, max(end, self.at)):
            if reached(policy, memory, churn, at):
                return coming_to(at, silence="churned")
            if standing.silence == "none" and reached(policy, memory, patience, at):
                return coming_to(at, silence="at_risk")
            features = Features(policy, memory, at)
            show(standing, features)
            joined = membership(policy.loyal, standing.loyal, features)
            if not has_loyalty_changed and (joined is None) is not (standing.loyal is None):
                has_loyalty_changed = True
                if (coming := coming_to(at, loyal=joined)) != none:
                    return coming
            if (coming := coming_to(at)) != none:
                return coming
        raise AssertionError("a silence without end")


def as_double(value: object) -> float | None:
    return float(value) if isinstance(value, Fraction) else None


def live(facts: Iterable[Fact], policy: Policy, until: int, later: Sequence[Successor] = ()) -> list[Life]:
    """The lives of the customer whose facts these are, up to and including an instant: one more after each forgetting.

    Whoever asks about somebody who is forgotten is among the `strangers` of the life that is over.
    """
    ordered = [fact for fact in in_order(facts) if fact.at <= until]
    lives: list[Life] = []
    for reign in reigns(ordered, policy, later, until):
        if reign.adopted and lives:
            lives[-1].pass_until(reign.adopted.at)
            if not lives[-1].is_over:
                lives[-1].adopt(reign.adopted)
        for fact in sorted_out(reign.facts, reign.policy.lateness)[0]:
            go_on(lives, reign.policy, fact)
    if lives:
        lives[-1].pass_until(until)
    return lives


def go_on(lives: list[Life], policy: Policy, fact: Fact) -> None:
    if lives:
        lives[-1].pass_until(fact.at)
    if not lives or lives[-1].is_over:
        if fact.kind == "ask":
            if lives:
                lives[-1].strangers.append(fact)
            return
        lives.append(Life(policy, fact))
    life = lives[-1]
    if fact.kind == "ask":
        life.answer(fact)
    elif life.memory.forgets(fact):
        life.forgotten.append(fact)
    else:
        life.take(fact)


def strangers(facts: Iterable[Fact], policy: Policy, until: int, later: Sequence[Successor] = ()) -> list[Fact]:
    """The facts up to an instant that ask about the customer before anything happened to them."""
    ordered = [fact for fact in in_order(facts) if fact.at <= until]
    parts = reigns(ordered, policy, later, until)
    kept = [fact for reign in parts for fact in sorted_out(reign.facts, reign.policy.lateness)[0]]
    return list(takewhile(lambda fact: fact.kind == "ask", kept))


def conflicting(facts: Iterable[Fact], policy: Policy, until: int, later: Sequence[Successor] = ()) -> list[Fact]:
    """The facts up to an instant that contradict an earlier record of the same event."""
    ordered = [fact for fact in in_order(facts) if fact.at <= until]
    parts = reigns(ordered, policy, later, until)
    return [fact for reign in parts for fact in sorted_out(reign.facts, reign.policy.lateness)[1]]


def decide(facts: Iterable[Fact], policy: Policy, until: int) -> list[Transition]:
    """The standing transitions of one customer."""
    return [it for life in live(facts, policy, until) for it in life.transitions]
