"""A customer's own zone is to dates what the policy's zone is to customers who have none."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import TraitsIdentified
from state.civil_calendar import CivilCalendar
from state.conditions.condition import compile_condition, opposite
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.shape import Policy, Time
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from tests.laws.test_dates import DAY, ZONES, conditions, customer_of, days, instants, steps, text_of, zones

KINDS = {"born_on": "date", "renewal_at": "instant"}
OWN = {zone: catalogue(Policy(name="own", time=Time(zone=zone, zone_trait="timezone"), traits=KINDS)) for zone in ZONES}
OF_POLICY = {zone: catalogue(Policy(name="policys", time=Time(zone=zone), traits=KINDS)) for zone in ZONES}
POLICY = """
name = "own"
[time]
zone = "{}"
{}
[traits]
born_on = "date"
renewal_at = "instant"
[[segments]]
key = "s"
name = "S"
enter = "{}"
"""


@given(conditions, zones, zones, days, instants, instants, st.integers(1, 500))
def test_what_is_foreseen_in_an_own_zone_is_so_in_a_policys(
    text: str, own: str, policys: str, born: date, renewal: int, start: int, ahead: int
) -> None:
    customer = customer_of(born, start + (renewal % (900 * DAY)) - 450 * DAY)
    here, there = compile_condition(text, OWN[policys]), compile_condition(text, OF_POLICY[own])
    customer.traits["timezone"] = own
    assert here.holds(customer, start) is there.holds(customer, start)
    if here.holds(customer, start):
        here, there = opposite(here), opposite(there)
    end = start + ahead * DAY
    assert here.begins(customer, start, end) == there.begins(customer, start, end)


@settings(max_examples=settings().max_examples // 3)
@given(steps, zones, zones, days, instants, st.integers(1, 400), st.integers(1, 5 * DAY))
def test_whoever_moves_is_decided_by_each_zone_in_its_time(
    text: str, first: str, second: str, born: date, start: int, ahead: int, stays: int
) -> None:
    rules = Rulebook(read_policy(POLICY.format("UTC", 'zone_trait = "timezone"', text), catalogue))
    moved, end = start + stays, start + ahead * DAY + stays
    known = {"born_on": born.isoformat(), "renewal_at": text_of(start + 99 * DAY)}
    facts = [
        TraitsIdentified(start, "a", {**known, "timezone": first}),
        TraitsIdentified(moved, "b", {"timezone": second}),
    ]
    history = decide_history(facts, end, rules)
    assert history is not None
    expected, is_in = [], False
    for zone, begin, until in ((first, start, moved - 1), (second, moved, end)):
        condition, calendar = compile_condition(text, OF_POLICY[zone]), CivilCalendar(zone)
        today = calendar.date_of(begin).toordinal()
        midnights = [calendar.start_of(date.fromordinal(today + it)) for it in range(1, (until - begin) // DAY + 3)]
        for at in [begin, *midnights]:
            if begin <= at <= until and condition.holds(history.customer, at) is not is_in:
                is_in = not is_in
                expected.append((at, "in" if is_in else "out"))
    assert [(it.change.at, it.change.to) for it in history.published] == expected
