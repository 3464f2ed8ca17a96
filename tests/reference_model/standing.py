"""One decision: the loyal rule, the stage, the segments."""

from dataclasses import dataclass, replace

from tests.reference_model.features import Features
from tests.reference_model.memory import Memory
from tests.reference_model.patience import reached, silences
from tests.reference_model.policy import Policy, Rule


@dataclass(frozen=True)
class Standing:
    """Where a customer stands: the stage since when, and the memberships with their instants of joining."""

    stage: str
    since: int
    loyal: int | None
    segments: dict[str, int]


@dataclass(frozen=True)
class Change:
    """A change of stage (key None) or of membership in an segment."""

    key: str | None
    name: str
    before: str
    after: str


def membership(rule: Rule, joined: int | None, features: Features) -> int | None:
    """The instant of joining of who is a member after this decision."""
    leave = rule.leave.holds(features)
    if joined is None:
        return features.at if not leave and rule.enter.holds(features) else None
    return None if leave and features.at >= joined + rule.stay else joined


def stage_of(policy: Policy, memory: Memory, standing: Standing, at: int, effect: str) -> str:
    orders = memory.orders
    if not orders:
        return "prospect"
    if standing.stage == "churned" and not effect:
        return "churned"
    patience, churn = silences(policy, orders)
    if reached(policy, memory, churn, at):
        return "churned"
    if standing.stage == "at_risk" and not effect:
        return "at_risk"
    if reached(policy, memory, patience, at):
        return "at_risk"
    if len(orders) == 1:
        return "new"
    return "repeat" if standing.loyal is None else "loyal"


def step(before: str, after: str, effect: str) -> str:
    if after in ("at_risk", "churned") and before != "churned":
        return after
    if effect == "ended":
        return "reverted"
    if before in ("churned", "at_risk"):
        return "won_back" if before == "churned" else "recovered"
    if after == "loyal":
        return "became_loyal"
    if before == "loyal":
        return "loyalty_lapsed"
    return "acquired" if after == "new" else "repeated"


def decision(
    policy: Policy, memory: Memory, standing: Standing, at: int, effect: str = ""
) -> tuple[Standing, list[Change]]:
    """What is decided at an instant, and where the customer stands then."""
    features = Features(policy, memory, at)
    standing = replace(standing, loyal=membership(policy.loyal, standing.loyal, features))
    stage = stage_of(policy, memory, standing, at, effect)
    changes = []
    if stage != standing.stage:
        changes.append(Change(None, step(standing.stage, stage, effect), standing.stage, stage))
        standing = replace(standing, stage=stage, since=at)
    features.stage, features.since, features.loyal = standing.stage, standing.since, standing.loyal is not None
    segments = dict(standing.segments)
    for segment in policy.segments:
        was = segments.pop(segment.key, None)
        joined = membership(segment.rule, was, features)
        if joined is not None:
            segments[segment.key] = joined
        if (was is None) is not (joined is None):
            ends = ("in", "out") if joined is None else ("out", "in")
            changes.append(Change(segment.key, segment.name, *ends))
    return replace(standing, segments=segments), changes
