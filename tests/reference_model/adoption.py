"""A new policy in force: who reads an event, and what becomes of a customer who was decided under another one."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.reference_model.events import Fact
from tests.reference_model.memory import Memory
from tests.reference_model.policy import Policy
from tests.reference_model.signals import Begun, Signals
from tests.reference_model.standing import Change, Standing, moved
from tests.reference_model.succession import Successor
from tests.reference_model.typed_traits import NOTHING, typed

STAYS = ("times_entered", "total_days_in", "days_since_entered", "days_since_left")


@dataclass
class Reign:
    """The facts that are decided under one policy, which is `adopted` at an instant, unless it is the first."""

    policy: Policy
    facts: list[Fact]
    adopted: Successor | None


def reigns(ordered: Iterable[Fact], first: Policy, later: Sequence[Successor], until: int) -> Iterator[Reign]:
    left = list(ordered)
    policy, adopted = first, None
    for successor in [*(each for each in later if each.at <= until), None]:
        mine = left if successor is None else [fact for fact in left if fact.at <= successor.at]
        yield Reign(policy, mine, adopted)
        if successor is not None:
            left, policy, adopted = left[len(mine) :], successor.policy, successor


def known_again(memory: Memory, policy: Policy) -> None:
    """Reads the declared traits again that are known, as if they were said now."""
    found = {}
    for name, value in memory.traits.items():
        if name in policy.traits:
            said = json.loads(json.dumps(value), parse_float=Decimal)
            again = typed(policy.traits[name], said, policy)
            if again is not NOTHING and again is not None:
                found[name] = again
        elif not isinstance(value, tuple | dict):
            found[name] = value
    memory.traits = found


def remembered(standing: Standing, before: Policy, after: Policy) -> Standing:
    """Where a customer stands, with what the policy before remembered of the past."""
    asked = [call for call in before.calls if call.function in STAYS]
    stages, segments = {call.stage for call in asked}, {call.segment for call in asked}
    segments |= {each.key for each in before.segments if each.rule.quiet}
    steps = {call.step for call in asked}
    confirmed = confirmed_by(before) & confirmed_by(after)
    return replace(
        standing,
        stays=(*(stay for stay in standing.stays[:-1] if stay[0] in stages), *standing.stays[-1:]),
        left={key: stays for key, stays in standing.left.items() if key in segments},
        left_steps={of: stays for of, stays in standing.left_steps.items() if of in steps},
        open_since={of: since for of, since in standing.open_since.items() if of in confirmed},
    )


def confirmed_by(policy: Policy) -> set[tuple[str, str]]:
    segments = {(each.key, "") for each in policy.segments if each.rule.confirm}
    return segments | {(each.key, it.key) for each in policy.ladders for it in each.rungs if it.rule.confirm}


def without_what_is_gone(standing: Standing, policy: Policy, at: int) -> tuple[Standing, list[Change]]:
    """Takes a customer off the ladders and steps, and out of the segments, that a policy does not have."""
    changes = []
    ladders = {each.key: each for each in policy.ladders}
    for key in [key for key in sorted(standing.steps) if key not in ladders]:
        step = standing.steps[key][0]
        changes.append(Change(key, key, step, "none", "the policy has no such ladder", "left"))
        standing = off(standing, key, at)
    for ladder in policy.ladders:
        on = standing.steps.get(ladder.key)
        if on is not None and on[0] not in [it.key for it in ladder.rungs]:
            changes.append(Change(ladder.key, ladder.name, on[0], "none", "the policy has no such step", "left"))
            standing = off(standing, ladder.key, at)
    known = {each.key for each in policy.segments}
    gone = [key for key in sorted(standing.segments) if key not in known]
    changes += [Change(key, key, "in", "out", "the policy has no such segment") for key in gone]
    kept = {key: since for key, since in standing.segments.items() if key in known}
    return replace(standing, segments=kept), changes


def off(standing: Standing, ladder: str, at: int) -> Standing:
    """Where a customer stands off a ladder; the step that was left is in no stay."""
    return replace(moved(standing, ladder, None, at), left_steps=standing.left_steps)


def adopted(before: Signals, policy: Policy, at: int) -> Signals:
    """The signals of a policy, with what goes on of those of the policy before."""
    after = Signals(policy)
    was = {each.whole: begun for each, begun in zip(before.policy.signals, before.open, strict=True)}
    after.open = [dict(was.get(each.whole, dict[str, Begun]())) for each in policy.signals]
    asked = {call.signal for call in before.policy.calls} | {it.key for it in before.policy.signals if it.quiet}
    after.told = {key: told for key, told in before.told.items() if key in asked}
    after.asked = {each.key: at for each in policy.signals}
    return after
