"""One decision: the loyal rule, the stage, the segments."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from tests.reference_model.features import Features
from tests.reference_model.memory import Memory
from tests.reference_model.patience import reached, silences
from tests.reference_model.policy import Ladder, Policy, Rule, Rung, Stage
from tests.reference_model.reasons import Reason, compared, in_words, said, written
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
    open_since: dict[tuple[str, str], int] = field(default_factory=dict)
    """Since when a segment, or a better step of a ladder, has been open that must be confirmed."""
    left: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Of each segment the stays that are over: when they began and ended."""
    left_steps: dict[tuple[str, str], tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """The same of each step, by ladder and step."""
    told: dict[str, int] = field(default_factory=dict)
    """When signals were told last."""
    silence: str = "none"


SILENCES = ("none", "at_risk", "churned")


@dataclass(frozen=True)
class Change:
    """A change of stage (key None), of membership in a segment, or, in a `direction`, of the step of a ladder.

    A signal has the times of its steps.
    """

    key: str | None
    name: str
    before: str
    after: str
    why: str
    direction: str = ""
    step_times: list[str] | None = None
    deadline: str = ""
    """What grew or changed, should time alone have brought a stage about."""


def why_member(
    rule: Rule,
    joined: int | None,
    features: Features,
    day_ms: int,
    opened: int | None = None,
    before: int | None = None,
) -> str:
    """Why a customer joins (`joined` None) or leaves; what the features say of the stage must be as it was decided."""
    if joined is None:
        kept = rule.leave.reasons(features, False) if rule.is_leave_given else []
        why = in_words([*rule.enter.reasons(features, True), *kept])
        if rule.confirm and opened is not None:
            ages = Fraction((features.at - opened) * 24, day_ms), Fraction(rule.confirm * 24, day_ms)
            held = compared(("hours_held", ""), ages[0], ">=", ("", ""), ages[1])
            why = f"{why}; {held} (confirm_hours {written(rule.confirm_hours)})"
        if rule.quiet and before is not None:
            origin = f"quiet_days {written(rule.quiet_days)}"
            why = f"{why}; {passed('days_since_entered', features.at - before, rule.quiet, day_ms, origin)}"
        return why
    why = in_words(rule.leave.reasons(features, True))
    if not rule.stay:
        return why
    ages = Fraction(features.at - joined, day_ms), Fraction(rule.stay, day_ms)
    stayed = compared(("days_since_joining", ""), ages[0], ">=", ("", ""), ages[1])
    return f"{why}; {stayed} (min_stay_days {written(rule.stay_days)})"


def why_silence(policy: Policy, memory: Memory, before: str, after: str, at: int) -> list[str]:
    if not memory.orders:
        return []
    if after == "none":
        return [silence(policy, memory, "at_risk", at, "<")]
    back = [silence(policy, memory, "churned", at, "<")] if before == "churned" else []
    return [*back, silence(policy, memory, after, at, ">=")]


def why_stage(
    policy: Policy, features: Features, before: str, after: Stage, effect: str, why_silent: list[str], loyal_why: str
) -> str:
    """Why a customer goes to a stage; why silence and loyalty have changed is empty if they have not."""
    keys = [it.key for it in policy.stages]
    ended = next((it for it in policy.stages if it.key == before), None)
    silent = why_silent if any(reads_silence(it) for it in (ended, after) if it is not None) else []
    reasons = []
    if ended is not None and ended.leave is not None and ended.is_leave_given:
        if keys.index(before) < keys.index(after.key) and ended.leave.holds(features):
            reasons += said(ended.leave.reasons(features, True))
    if after.enter is None or not after.enter.holds(features):
        reasons.append(Reason("no other stage fits"))
    else:
        kept = after.leave.reasons(features, False) if after.leave is not None and after.is_leave_given else []
        entering = said([*after.enter.reasons(features, True), *kept])
        limits = {(it.side, it.sign[:1]) for it in entering if it.side}
        dropped, other = ("<", ">") if effect != "ended" else (">", "<")
        reasons += [it for it in entering if it.sign[:1] != dropped or (it.side, other) not in limits]
    parts = list(silent)
    for it in reasons:
        if loyal_why and it.words in ("loyal", "not loyal"):
            parts += loyal_why.split("; ")
        elif not (silent and 'silence "' in it.words):
            parts.append(it.words)
    return "; ".join(dict.fromkeys(parts))


def reads_silence(stage: Stage) -> bool:
    return any("silence" in it.text for it in (stage.enter, stage.leave) if it is not None)


def opened(rule: Rule, since: int | None, features: Features) -> int | None:
    """Since when a rule has been open; None if it is not."""
    if not rule.enter.holds(features) or rule.leave.holds(features):
        return None
    return features.at if since is None else since


def membership(
    rule: Rule, joined: int | None, features: Features, open_since: int | None = None, before: int | None = None
) -> int | None:
    """The instant of joining of who is a member after this decision; `before` is when they joined the time before."""
    leave = rule.leave.holds(features)
    if joined is None:
        since = opened(rule, open_since, features)
        if before is not None and features.at < before + rule.quiet:
            return None
        return features.at if since is not None and features.at >= since + rule.confirm else None
    return None if leave and features.at >= joined + rule.stay else joined


def fits(rung: Rung, features: Features) -> bool:
    return rung.rule.enter.holds(features) and not rung.rule.leave.holds(features)


def better_steps(ladder: Ladder, on: On | None) -> list[Rung]:
    """The steps that are better than the present one."""
    keys = [rung.key for rung in ladder.rungs]
    return ladder.rungs[: len(keys) if on is None else keys.index(on[0])]


def opened_steps(ladder: Ladder, on: On | None, standing: Standing, features: Features) -> dict[str, int]:
    """The better steps that are open, and since when."""
    found = {}
    for rung in better_steps(ladder, on):
        since = opened(rung.rule, standing.open_since.get((ladder.key, rung.key)), features)
        if since is not None:
            found[rung.key] = since
    return found


def climbed_or_fallen(
    ladder: Ladder, on: On | None, features: Features, day_ms: int, open_since: dict[str, int]
) -> tuple[On | None, Change | None]:
    """Where a customer is on a ladder after this decision, and what changed; `open_since` of the better steps."""
    at, keys = features.at, [rung.key for rung in ladder.rungs]
    place = len(keys) if on is None else keys.index(on[0])
    before = "none" if on is None else on[0]
    for rung in ladder.rungs[:place]:
        since = open_since.get(rung.key)
        if since is not None and at >= since + rung.rule.confirm:
            why = why_member(rung.rule, None, features, day_ms, since)
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


def silence_of(policy: Policy, memory: Memory, standing: Standing, at: int, effect: str) -> str:
    if not memory.orders:
        return "none"
    patience, churn = silences(policy, memory)
    if (standing.silence == "churned" and not effect) or reached(policy, memory, churn, at):
        return "churned"
    if (standing.silence == "at_risk" and not effect) or reached(policy, memory, patience, at):
        return "at_risk"
    return "none"


def stage_of(policy: Policy, standing: Standing, features: Features) -> Stage:
    """The first that fits; the features show the silence and the loyalty that were decided."""
    for stage in policy.stages[:-1]:
        assert stage.enter is not None and stage.leave is not None
        stays = not stage.leave.holds(features)
        if stays if standing.stage == stage.key else stays and stage.enter.holds(features):
            return stage
    return policy.stages[-1]


def step(policy: Policy, before: str, after: Stage, effect: str, grew: bool) -> str:
    if before == "excluded":
        return "included"
    if effect == "ended" and not grew:
        return "reverted"
    for stage in policy.stages:
        if stage.key == after.key:
            return stage.entered
        if stage.key == before:
            return stage.left
    raise AssertionError(after)


def show(standing: Standing, features: Features) -> None:
    """Lets the features see where the customer stands."""
    features.stage, features.since, features.stays = standing.stage, standing.since, standing.stays
    features.loyal, features.silence = standing.loyal is not None, standing.silence
    features.steps = {key: (step, since) for key, (step, since, _) in standing.steps.items()}
    features.segments, features.left, features.left_steps = standing.segments, standing.left, standing.left_steps
    features.told = standing.told


def moved(standing: Standing, ladder: str, on: On | None, at: int) -> Standing:
    """Where a customer stands who is now on this step of a ladder, or on none."""
    steps, left_steps = dict(standing.steps), dict(standing.left_steps)
    was_on = steps.pop(ladder, None)
    if on is not None:
        steps[ladder] = on
    if was_on is not None and (on is None or on[0] != was_on[0]):
        before = left_steps.get((ladder, was_on[0]), ())
        left_steps[ladder, was_on[0]] = (*before, (was_on[1], at))
    return replace(standing, steps=steps, left_steps=left_steps)


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
            standing = moved(standing, ladder.key, None, features.at)
    for segment in policy.segments:
        if segment.key in standing.segments:
            changes.append(Change(segment.key, segment.name, "in", "out", why))
            left[segment.key] = (*left.get(segment.key, ()), (standing.segments[segment.key], features.at))
    stays = (*standing.stays, (standing.stage, standing.since, features.at))
    past = Standing("excluded", features.at, None, {}, stays, left=left, left_steps=standing.left_steps)
    return replace(past, told=standing.told), changes


def on_ladders(policy: Policy, standing: Standing, features: Features) -> tuple[Standing, list[Change]]:
    """What is decided of the ladders, in their order; the features see each step that was decided."""
    changes = []
    for ladder in policy.ladders:
        was_on = standing.steps.get(ladder.key)
        better = opened_steps(ladder, was_on, standing, features)
        on, change = climbed_or_fallen(ladder, was_on, features, policy.calendar.day_ms, better)
        kept = {(ladder.key, rung.key): better[rung.key] for rung in better_steps(ladder, on) if rung.key in better}
        waiting = {of: it for of, it in standing.open_since.items() if of[0] != ladder.key}
        standing = replace(standing, open_since={**waiting, **kept})
        standing = moved(standing, ladder.key, on, features.at)
        changes += [] if change is None else [change]
        show(standing, features)
    return standing, changes


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
    loyal_why = ""
    if (was_loyal is None) is not (standing.loyal is None):
        loyal_why = why_member(policy.loyal, was_loyal, features, day_ms)
    silent = silence_of(policy, memory, standing, at, effect)
    was_silent, standing = standing.silence, replace(standing, silence=silent)
    show(standing, features)
    stage = stage_of(policy, standing, features)
    changes = []
    if stage.key != standing.stage:
        grew = SILENCES.index(silent) > SILENCES.index(was_silent)
        why_silent = why_silence(policy, memory, was_silent, silent, at) if silent != was_silent else []
        why = why_stage(policy, features, standing.stage, stage, effect, why_silent, loyal_why)
        if standing.stage == "excluded":
            nobody = "the policy excludes nobody"
            kept = nobody if policy.excluded is None else in_words(policy.excluded.reasons(features, False))
            why = f"{kept}; {why}"
        name = step(policy, standing.stage, stage, effect, grew)
        deadline = silent if grew else "loyal" if loyal_why else "stage"
        changes.append(Change(None, name, standing.stage, stage.key, why, deadline=deadline))
        stays = (*standing.stays, (standing.stage, standing.since, at))
        standing = replace(standing, stage=stage.key, since=at, stays=stays)
    show(standing, features)
    standing, climbed = on_ladders(policy, standing, features)
    changes += climbed
    segments, open_since = dict(standing.segments), dict(standing.open_since)
    for segment in policy.segments:
        was = segments.pop(segment.key, None)
        was_open = open_since.pop((segment.key, ""), None)
        since = opened(segment.rule, was_open, features) if was is None else None
        before = standing.left[segment.key][-1][0] if segment.key in standing.left else None
        joined = membership(segment.rule, was, features, since, before)
        if was is None and joined is None and since is not None:
            open_since[segment.key, ""] = since
        if joined is not None:
            segments[segment.key] = joined
        if (was is None) is not (joined is None):
            ends = ("in", "out") if joined is None else ("out", "in")
            why = why_member(segment.rule, was, features, day_ms, since, before)
            changes.append(Change(segment.key, segment.name, *ends, why))
            if was is not None:
                left = {**standing.left, segment.key: (*standing.left.get(segment.key, ()), (was, at))}
                standing = replace(standing, left=left)
        standing = replace(standing, segments=dict(segments), open_since=dict(open_since))
        show(standing, features)
    return standing, changes
