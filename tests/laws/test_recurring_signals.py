"""Signals recur at the instants that a look at every hour finds, are quiet after that, and segments ask for them."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.change import SIGNAL_OCCURRED
from state.conditions.condition import Condition, compile_condition
from state.customer.customer import first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.support.frequent_looks import NOON, decided, events, history_of, look_often
from tests.support.histories import DAY

OF_PLACES = {
    "segment = 'warm'": "days_since_visit <= 6 or orders_7d >= 2",
    "step = 'tier:gold'": "orders_7d >= 2",
    "step = 'tier:silver'": "orders_7d < 2 and orders_30d >= 1",
    "stage = 'prospect'": "orders == 0",
    "stage = 'new'": "orders == 1",
}
"""Where a signal recurs, and who is there."""
POLICY = """
name = "p"
[lifecycle]
occasion_days = 0
[[ladders]]
key = "tier"
name = "Tier"
[[ladders.steps]]
key = "gold"
name = "Gold"
enter = "orders_7d >= 2"
[[ladders.steps]]
key = "silver"
name = "Silver"
enter = "orders_30d >= 1"
[[segments]]
key = "warm"
name = "Warm"
enter = "days_since_visit <= 6 or orders_7d >= 2"
[[signals]]
key = "s"
name = "S"
"""
QUIET = {
    "viewed": "steps = [{event = 'Product Viewed'}]\n",
    "bought twice": "steps = [{event = 'Order Completed', times = 2, within_days = 5}]\n",
    "left": "steps = [{event = 'Product Viewed'}]\nunless = {events = ['Order Completed'], within_hours = 30}\n",
}
asked = st.sampled_from(("", "days_since_order > 2", "views_7d >= 1"))


@cache
def rulebook(signal: str) -> Rulebook:
    return Rulebook(read_policy(POLICY + signal, catalogue))


def told(rules: Rulebook, drawn: list[tuple[int, str]]) -> list[int]:
    return [it.at for it, _ in decided(rules, history_of(drawn)) if it.to == SIGNAL_OCCURRED]


class Looking:
    """A customer who is looked at very often, and who counts from when they were seen at the place."""

    def __init__(self, there: Condition, period: int, while_: Condition) -> None:
        self.customer = first_seen(NOON)
        self.there, self.period, self.while_ = there, period, while_
        self.since: int | None = None
        self.asked = 0
        self.told: list[int] = []

    def look(self, at: int) -> None:
        if not self.there.holds(self.customer, at):
            self.since = None
            return
        self.since = at if self.since is None else self.since
        if at > self.since and (at - self.since) % self.period == 0 and at > self.asked:
            self.asked = at
            if self.while_.holds(self.customer, at):
                self.told.append(at)


@settings(max_examples=settings().max_examples // 2)  # an example is thousands of looks
@given(st.sampled_from(sorted(OF_PLACES)), st.sampled_from((1, 2.25, 7)), asked, events)
def test_a_signal_recurs_at_the_instants_that_a_look_at_every_hour_finds(
    place: str, every_days: float, while_: str, drawn: list[tuple[int, str]]
) -> None:
    rules = rulebook(f"every_days = {every_days}\nwhile = '{while_}'\n{place}\n")
    there, condition = (compile_condition(it, rules.compiled.catalogue) for it in (OF_PLACES[place], while_ or "true"))
    often = Looking(there, round(every_days * DAY), condition)
    look_often(rules, history_of(drawn), often.customer, often.look)
    assert told(rules, drawn) == often.told


@given(st.sampled_from(sorted(QUIET)), st.sampled_from((0.5, 1, 4)), asked, events)
def test_of_what_would_be_told_what_comes_within_the_quiet_days_of_the_last_is_not(
    signal: str, quiet_days: float, while_: str, drawn: list[tuple[int, str]]
) -> None:
    head = f"while = '{while_}'\n"
    expected: list[int] = []
    for at in told(rulebook(head + QUIET[signal]), drawn):
        if not expected or at >= expected[-1] + quiet_days * DAY:
            expected.append(at)
    assert told(rulebook(f"quiet_days = {quiet_days}\n{head}{QUIET[signal]}"), drawn) == expected


@given(st.sampled_from(sorted(QUIET)), st.sampled_from((0.5, 1, 4)), events)
def test_whom_a_condition_keeps_quiet_is_told_the_same_as_with_quiet_days(
    signal: str, quiet_days: float, drawn: list[tuple[int, str]]
) -> None:
    by_condition = rulebook(f"while = 'not days_since_signal(\"s\") < {quiet_days}'\n{QUIET[signal]}")
    assert told(by_condition, drawn) == told(rulebook(f"quiet_days = {quiet_days}\n{QUIET[signal]}"), drawn)


@given(st.sampled_from(sorted(QUIET)), st.sampled_from((0.5, 2, 4)), events)
def test_a_segment_of_those_who_were_told_lately_begins_at_that_instant_and_ends_at_its_own(
    signal: str, days: float, drawn: list[tuple[int, str]]
) -> None:
    segment = f"[[segments]]\nkey = 'told'\nname = 'T'\nenter = 'days_since_signal(\"s\") < {days}'\n"
    decisions = decided(rulebook(QUIET[signal] + segment), history_of(drawn))
    stays: list[tuple[int, int]] = []
    for at in (it.at for it, _ in decisions if it.to == SIGNAL_OCCURRED):
        if stays and at < stays[-1][1]:
            stays[-1] = stays[-1][0], at + round(days * DAY)
        else:
            stays.append((at, at + round(days * DAY)))
    changes = [(it.at, it.to) for it, _ in decisions if it.key == "told"]
    end = history_of(drawn)[-1].at + 45 * DAY
    expected = [change for since, until in stays for change in ((since, "in"), (until, "out")) if change[0] <= end]
    assert changes == expected
