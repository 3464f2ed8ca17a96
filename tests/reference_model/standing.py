"""One decision: the loyal rule, the stage, the segments."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from tests.reference_model.features import Features
from tests.reference_model.memory import Memory
from tests.reference_model.patience import reached, silences
from tests.reference_model.policy import Ladder, Policy, Rule, Rung
from tests.reference_model.reasons import compared, in_words, written
from tests.reference_model.silence_reason import silence

Stay = tuple[str, int, int]
"""A stage that is over: its name, and when it began and ended."""


On = tuple[str, int, int | None]
"""A step of a ladder, since when, and since when its `leave` has held, if that must last."""


@dataclass(frozen=True)
class Standing:
    """Where a customer stands: the stage, the stays before it, and the memberships with their instants of joining."""

    stage: str
    since: int
    loyal: int | None
    segments: dict[str, int]
    stays: tuple[Stay, ...] = ()
    steps: dict[str, On] = field(default_factory=dict)
    left: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Of each segment the stays that are over: when they began and ended."""


@dataclass(frozen=True)
class Change:
    """A change of stage (key None), of membership in a segment, or, in a `direction`, of the step of a ladder."""

    key: str | None
    name: str
    before: str
    after: str
    why: str
    direction: str = ""


def why_member(rule: Rule, joined: int | None, features: Features, day_ms: int) -> str:
    """Why a customer joins (`joined` None) or leaves; what the features say of the stage must be as it was decided."""
    if joined is None:
        kept = rule.leave.reasons(features, False) if rule.is_leave_given else []
        return in_words([*rule.enter.reasons(features, True), *kept])
    why = in_words(rule.leave.reasons(features, True))
    if not rule.stay:
        return why
    ages = Fraction(features.at - joined, day_ms), Fraction(rule.stay, day_ms)
    stayed = compared(("days_since_joining", ""), ages[0], ">=", ("", ""), ages[1])
    return f"{why}; {stayed} (min_stay_days {written(rule.stay_days)})"


def why_stage(policy: Policy, memory: Memory, before: str, after: str, at: int, effect: str, loyal_why: str) -> str:
    occasions = len(memory.occasions)
    if after == "prospect":
        return "orders 0 < 1"
    if after in ("at_risk", "churned"):
        reached_ = silence(policy, memory, after, at, ">=")
        back = before == "churned"
        return f"{silence(policy, memory, 'churned', at, '<')}; {reached_}" if back else reached_
    parts = [silence(policy, memory, "at_risk", at, "<")] if before in ("at_risk", "churned") else []
    if occasions > 1:
        count = f"occasions {occasions} >= 2"
        parts += [count, *(part for part in loyal_why.split("; ") if part != count)]
    else:
        parts += ["occasions 1 < 2" if effect == "ended" else "occasions 1 >= 1"]
    return "; ".join(parts)


def membership(rule: Rule, joined: int | None, features: Features) -> int | None:
    """The instant of joining of who is a member after this decision."""
    leave = rule.leave.holds(features)
    if joined is None:
        return features.at if not leave and rule.enter.holds(features) else None
    return None if leave and features.at >= joined + rule.stay else joined


def fits(rung: Rung, features: Features) -> bool:
    return rung.rule.enter.holds(features) and not rung.rule.leave.holds(features)


def climbed_or_fallen(
    ladder: Ladder, on: On | None, features: Features, day_ms: int
) -> tuple[On | None, Change | None]:
    """Where a customer is on a ladder after this decision, and what changed."""
    at, keys = features.at, [rung.key for rung in ladder.rungs]
    place = len(keys) if on is None else keys.index(on[0])
    before = "none" if on is None else on[0]
    for rung in ladder.rungs[:place]:
        if fits(rung, features):
            why = why_member(rung.rule, None, features, day_ms)
            direction = "entered" if on is None else "climbed"
            return (rung.key, at, None), Change(ladder.key, ladder.name, before, rung.key, why, direction)
    if on is None:
        return None, None
    rung, (_, since, held) = ladder.rungs[place], on
    if not rung.rule.leave.holds(features):
        return (rung.key, since, None), None
    held = at if held is None else held
    periods = (at - since) // rung.requalify if rung.requalify else 0
    is_due = not rung.requalify or (periods > 0 and (at - since) % rung.requalify == 0)
    if at < since + rung.rule.stay or at < held + rung.grace or not is_due:
        return (rung.key, since, held if rung.grace else None), None
    reasons = in_words(rung.rule.leave.reasons(features, True))
    parts = [reasons]
    if rung.rule.stay:
        parts.append(
            passed("days_on_step", at - since, rung.rule.stay, day_ms, f"min_stay_days {written(rung.rule.stay_days)}")
        )
    if rung.grace:
        parts.append(passed("days_held", at - held, rung.grace, day_ms, f"grace_days {written(rung.grace_days)}"))
    if rung.requalify:
        times = "" if periods == 1 else f"{periods} x "
        origin = f"{times}requalify_days {written(rung.requalify_days)}"
        parts.append(passed("days_on_step", at - since, periods * rung.requalify, day_ms, origin))
    for worse in ladder.rungs[place + 1 :]:
        if fits(worse, features):
            kept = worse.rule.leave.reasons(features, False) if worse.rule.is_leave_given else []
            entered = in_words([*worse.rule.enter.reasons(features, True), *kept])
            known = reasons.split("; ")
            parts += [part for part in entered.split("; ") if part not in known]
            why = "; ".join(parts)
            return (worse.key, at, None), Change(ladder.key, ladder.name, before, worse.key, why, "fell")
    return None, Change(ladder.key, ladder.name, before, "none", "; ".join(parts), "left")


def passed(name: str, ms: int, least: int, day_ms: int, origin: str) -> str:
    words = compared((name, ""), Fraction(ms, day_ms), ">=", ("", ""), Fraction(least, day_ms))
    return f"{words} ({origin})"


def stage_of(policy: Policy, memory: Memory, standing: Standing, at: int, effect: str) -> str:
    if not memory.orders:
        return "prospect"
    if standing.stage == "churned" and not effect:
        return "churned"
    patience, churn = silences(policy, memory)
    if reached(policy, memory, churn, at):
        return "churned"
    if standing.stage == "at_risk" and not effect:
        return "at_risk"
    if reached(policy, memory, patience, at):
        return "at_risk"
    if len(memory.occasions) == 1:
        return "new"
    return "repeat" if standing.loyal is None else "loyal"


def step(before: str, after: str, effect: str) -> str:
    if before == "excluded":
        return "included"
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


def show(standing: Standing, features: Features) -> None:
    """Lets the features see where the customer stands."""
    features.stage, features.since, features.stays = standing.stage, standing.since, standing.stays
    features.loyal = standing.loyal is not None
    features.steps = {key: on[0] for key, on in standing.steps.items()}
    features.segments, features.left = standing.segments, standing.left


def exclusion(policy: Policy, standing: Standing, features: Features) -> tuple[Standing, list[Change]]:
    """Whoever does not count has no other stage, is on no ladder, and in no segment."""
    assert policy.excluded is not None
    if standing.stage == "excluded":
        return standing, []
    why = in_words(policy.excluded.reasons(features, True))
    left = dict(standing.left)
    changes = [Change(None, "excluded", standing.stage, "excluded", why)]
    for ladder in policy.ladders:
        if ladder.key in standing.steps:
            changes.append(Change(ladder.key, ladder.name, standing.steps[ladder.key][0], "none", why, "left"))
    for segment in policy.segments:
        if segment.key in standing.segments:
            changes.append(Change(segment.key, segment.name, "in", "out", why))
            left[segment.key] = (*left.get(segment.key, ()), (standing.segments[segment.key], features.at))
    stays = (*standing.stays, (standing.stage, standing.since, features.at))
    return Standing("excluded", features.at, None, {}, stays, left=left), changes


def decision(
    policy: Policy, memory: Memory, standing: Standing, at: int, effect: str = ""
) -> tuple[Standing, list[Change]]:
    """What is decided at an instant, and where the customer stands then."""
    features = Features(policy, memory, at)
    show(standing, features)
    day_ms = policy.calendar.day_ms
    if policy.excluded is not None and policy.excluded.holds(features):
        return exclusion(policy, standing, features)
    was_loyal = standing.loyal
    standing = replace(standing, loyal=membership(policy.loyal, was_loyal, features))
    loyal_why = "not loyal" if standing.loyal is None else "loyal"
    if (was_loyal is None) is not (standing.loyal is None):
        loyal_why = why_member(policy.loyal, was_loyal, features, day_ms)
    stage = stage_of(policy, memory, standing, at, effect)
    changes = []
    if stage != standing.stage:
        why = why_stage(policy, memory, standing.stage, stage, at, effect, loyal_why)
        if standing.stage == "excluded":
            assert policy.excluded is not None
            why = f"{in_words(policy.excluded.reasons(features, False))}; {why}"
        changes.append(Change(None, step(standing.stage, stage, effect), standing.stage, stage, why))
        stays = (*standing.stays, (standing.stage, standing.since, at))
        standing = replace(standing, stage=stage, since=at, stays=stays)
    show(standing, features)
    for ladder in policy.ladders:
        on, change = climbed_or_fallen(ladder, standing.steps.get(ladder.key), features, day_ms)
        others = {key: it for key, it in standing.steps.items() if key != ladder.key}
        standing = replace(standing, steps=others if on is None else {**others, ladder.key: on})
        changes += [] if change is None else [change]
        show(standing, features)
    segments = dict(standing.segments)
    for segment in policy.segments:
        was = segments.pop(segment.key, None)
        joined = membership(segment.rule, was, features)
        if joined is not None:
            segments[segment.key] = joined
        if (was is None) is not (joined is None):
            ends = ("in", "out") if joined is None else ("out", "in")
            why = why_member(segment.rule, was, features, day_ms)
            changes.append(Change(segment.key, segment.name, *ends, why))
            if was is not None:
                left = {**standing.left, segment.key: (*standing.left.get(segment.key, ()), (was, at))}
                standing = replace(standing, left=left)
        standing = replace(standing, segments=dict(segments))
        show(standing, features)
    return standing, changes
