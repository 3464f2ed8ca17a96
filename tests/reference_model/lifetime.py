"""A customer's whole life under a policy: every decision, in order."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from tests.reference_model.events import Fact
from tests.reference_model.features import Features
from tests.reference_model.memory import Memory
from tests.reference_model.passing import instants
from tests.reference_model.patience import displeased, reached, shortened, silences
from tests.reference_model.policy import Policy
from tests.reference_model.publication import Cause, Transition, publish
from tests.reference_model.standing import Standing, decision, membership


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: (fact.at, fact.message_id))


def without_duplicates(ordered: list[Fact], lateness: int) -> list[Fact]:
    """The facts without those whose messageId came at most the lateness before; a duplicate makes no other one."""
    last: dict[str, int] = {}
    kept = []
    for fact in ordered:
        if fact.message_id not in last or fact.at - last[fact.message_id] > lateness:
            kept.append(fact)
            last[fact.message_id] = fact.at
    return kept


class Life:
    """One customer, decided fact by fact."""

    def __init__(self, policy: Policy, first: Fact) -> None:
        self.policy = policy
        self.user_id = first.user_id
        self.memory = Memory(policy.calendar, policy.session, first.at)
        self.standing = Standing("prospect", first.at, None, {})
        self.at = first.at
        self.transitions: list[Transition] = []

    def take(self, fact: Fact) -> None:
        self.pass_until(fact.at)
        effect = self.memory.take(fact)
        self.decide(fact.at, Cause("event", fact.name, fact.message_id), effect)

    def pass_until(self, upto: int) -> None:
        while self.at < upto:
            before = self.standing
            for at in instants(self.policy, self.memory, before, self.at, upto):
                if decision(self.policy, self.memory, before, at)[0] != before:
                    self.decide(at, Cause("deadline"), "")
                    break
            else:
                self.at = upto

    def decide(self, at: int, cause: Cause, effect: str) -> None:
        self.at = at
        self.standing, changes = decision(self.policy, self.memory, self.standing, at, effect)
        if changes:
            figures = {**self.figures(), **self.coming()}
            for change in changes:
                self.transitions.append(
                    publish(self.policy, self.user_id, at, change, cause, len(self.transitions) + 1, figures)
                )

    def figures(self) -> dict[str, Any]:
        features = Features(self.policy, self.memory, self.at)
        patience: float | None = None
        if self.memory.orders:
            silence, _ = silences(self.policy, self.memory.orders)
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
        }

    def coming(self) -> dict[str, Any]:
        """The next change of the lifecycle if nothing happens."""
        stage, memory, policy = self.standing.stage, self.memory, self.policy
        if stage in ("prospect", "churned"):
            return {"next_transition": None, "next_at": None}
        patience, churn = silences(policy, memory.orders)
        end = memory.orders[-1].at + churn
        for at in instants(policy, memory, self.standing, self.at, max(end, self.at)):
            if reached(policy, memory, churn, at):
                return {"next_transition": "churned", "next_at": at}
            if stage == "at_risk":
                continue
            if reached(policy, memory, patience, at):
                return {"next_transition": "at_risk", "next_at": at}
            if len(memory.orders) > 1:
                joined = membership(policy.loyal, self.standing.loyal, Features(policy, memory, at))
                if (joined is None) is not (self.standing.loyal is None):
                    return {"next_transition": "loyalty_lapsed" if joined is None else "became_loyal", "next_at": at}
        raise AssertionError("a silence without end")


def as_double(value: object) -> float | None:
    return float(value) if isinstance(value, Fraction) else None


def live(facts: Iterable[Fact], policy: Policy, until: int) -> Life | None:
    """The life of the customer whose facts these are, up to and including an instant."""
    ordered = [fact for fact in in_order(facts) if fact.at <= until]
    if not ordered:
        return None
    life = Life(policy, ordered[0])
    for fact in without_duplicates(ordered, policy.lateness):
        life.take(fact)
    life.pass_until(until)
    return life


def decide(facts: Iterable[Fact], policy: Policy, until: int) -> list[Transition]:
    """The standing transitions of one customer."""
    life = live(facts, policy, until)
    return life.transitions if life else []
