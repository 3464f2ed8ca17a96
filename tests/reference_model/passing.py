"""The passing of time: the instants at which it may change something, and the first at which it does."""

from collections.abc import Callable, Iterator
from functools import cache

from tests.reference_model.anniversary import Dated, end_of_tag
from tests.reference_model.conditions import Crossing, Lookup
from tests.reference_model.features import Features
from tests.reference_model.memory import Memory
from tests.reference_model.patience import silence_instants
from tests.reference_model.policy import Policy
from tests.reference_model.standing import Standing, show

Sign = Callable[[int], int | None]


def leap_instants(policy: Policy, memory: Memory, standing: Standing, after: int, upto: int) -> list[int]:
    """Instants in (after, upto] at which something may leap: midnights, silences, the ends of minimum stays."""
    calendar = policy.calendar
    first, last = calendar.day(after), calendar.day(upto)
    found = set(silence_instants(policy, memory))
    if last > first:
        reach = {*policy.windows, policy.scores.window}
        days = {day + window for day in memory.eventful for window in reach}
        found |= {calendar.start(day) for day in days if first < day <= last}
    found |= midnights(policy, memory, after, upto)
    hours = {call.hours for call in policy.calls if call.hours}
    instants = [*(each.at for each in memory.happened), *(each.at for each in memory.orders)] if hours else []
    found |= {policy.slot_start(policy.slot(at) + policy.slots_in(it)) for at in instants for it in hours}
    civil = policy.civil_of(memory.traits)
    tags = [trait for trait in memory.traits.values() if isinstance(trait, dict)]
    found |= {end_of_tag(until, civil) for each in tags for until in each.values() if until is not None}
    if standing.loyal is not None:
        found.add(standing.loyal + policy.loyal.stay)
    for ladder in policy.ladders:
        if ladder.key in standing.steps:
            key, since, held = standing.steps[ladder.key]
            rung = next(it for it in ladder.rungs if it.key == key)
            found.add(since + rung.rule.stay)
            if held is not None:
                found.add(held + rung.grace)
            if rung.requalify:
                found |= set(range(since + rung.requalify, upto + 1, rung.requalify))
    of_rules = {(ladder.key, rung.key): rung.rule for ladder in policy.ladders for rung in ladder.rungs}
    of_rules |= {(segment.key, ""): segment.rule for segment in policy.segments}
    found |= {opened + of_rules[of].confirm for of, opened in standing.open_since.items()}
    for segment in policy.segments:
        if segment.key in standing.segments:
            found.add(standing.segments[segment.key] + segment.rule.stay)
        elif segment.key in standing.left:
            found.add(standing.left[segment.key][-1][0] + segment.rule.quiet)
    return sorted(at for at in found if after < at <= upto)


def midnights(policy: Policy, memory: Memory, after: int, upto: int) -> set[int]:
    """Where a birthday or another midnight changes what a condition reads."""
    found: set[int] = set()
    civil = policy.civil_of(memory.traits)
    first, last = civil.day(after), civil.day(upto)
    for function, name in policy.anniversaries:
        trait = memory.traits.get(name)
        if isinstance(trait, str) and function == "age":
            found |= set(Dated(trait, civil).birthdays(first, last))
        elif isinstance(trait, str):
            found |= {civil.start(day) for day in range(first, last + 1)}
    return found


def turns(sign: Sign, low: int, high: int) -> Iterator[int]:
    """The first instants of new signs in (low, high], for a sign that only rises or only falls."""
    before, after = sign(low), sign(high)
    if before == after:
        return
    if high - low == 1:
        yield high
        return
    middle = (low + high) // 2
    yield from turns(sign, low, middle)
    yield from turns(sign, middle, high)


def instants(policy: Policy, memory: Memory, standing: Standing, after: int, upto: int) -> Iterator[int]:
    """Every instant in (after, upto], in order, at which time alone may change something."""
    conditions = [condition for rule in policy.rules for condition in (rule.enter, rule.leave)]
    conditions += policy.stage_conditions

    @cache
    def seen(at: int) -> Lookup:
        features = Features(policy, memory, at)
        show(standing, features)
        return cache(features)

    def sign_of(crossing: Crossing) -> Sign:
        return lambda at: crossing.sign(seen(at))

    signs = [sign_of(crossing) for condition in conditions for crossing in condition.crossings]
    low = after
    for high in [*leap_instants(policy, memory, standing, after, upto), upto + 1]:
        between = {at for sign in signs for at in turns(sign, low, high - 1)}
        yield from sorted(between)
        if high <= upto:
            yield high
        low = high
