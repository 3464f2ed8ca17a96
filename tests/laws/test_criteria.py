"""Criteria together say what their condition says, of any customer, and each is true of the numbers that it tells."""

import operator
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AnyFact, Browsed
from schemas.fact_order import in_order
from state.conditions.condition import Condition, compile_condition
from state.conditions.criteria import Criteria, Criterion
from state.customer.customer import Customer, first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from state.timeline.outlook import Outlooks
from tests.support.histories import DAY, POLICIES, START, facts, rules

SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    " is at least ": operator.ge,
    " is at most ": operator.le,
    " is above ": operator.gt,
    " is below ": operator.lt,
}
AHEAD = 400
RHYTHM = Rulebook(read_policy(POLICIES["rhythm"], catalogue))
_criteria: dict[str, list[tuple[Condition, Criteria]]] = {}


def criteria_of(rulebook: Rulebook) -> list[tuple[Condition, Criteria]]:
    """The conditions of a policy with their criteria, made once."""
    if rulebook.version not in _criteria:
        _criteria[rulebook.version] = [(it, Criteria(it)) for it in rulebook.compiled.conditions]
    return _criteria[rulebook.version]


def lived(rulebook: Rulebook, events: list[AnyFact]) -> Customer:
    """A customer right after all of these events."""
    history = in_order(events)
    customer = first_seen(history[0].at, "c", rulebook.first_stage)
    for fact in history:
        rulebook.advance(customer, fact, [])
    return customer


@given(st.data())
def test_a_condition_holds_exactly_when_all_its_criteria_do(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    customer = lived(rulebook, data.draw(facts()))
    at = customer.at + data.draw(st.integers(0, 60 * DAY))
    rulebook.elapse(customer, at, [])
    for condition, criteria in criteria_of(rulebook):
        told = criteria.of(customer, at)
        assert all(it.holds for it in told) == condition.holds(customer, at), condition.text
        for it in told:
            check_numbers(it)


def check_numbers(it: Criterion) -> None:
    """A comparison of two numbers holds of the numbers that are told exactly when it holds."""
    if isinstance(it.value, int | float) and isinstance(it.limit, int | float) and not isinstance(it.value, bool):
        found = [compare for words, compare in SIGNS.items() if words in it.text]
        if len(found) == 1 and " or is not known" not in it.text:
            assert found[0](it.value, it.limit) == it.holds, it


@given(st.data())
def test_an_outlook_tells_the_next_change_that_time_brings(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = data.draw(facts())
    customer, same = lived(rulebook, history), lived(rulebook, history)
    at = customer.at + data.draw(st.integers(0, 30 * DAY))
    decisions: list[Decision] = []
    rulebook.elapse(same, at, [])
    rulebook.elapse(same, at + AHEAD * rulebook.compiled.day_ms, decisions)
    outlook = Outlooks(rulebook, AHEAD).of(customer, at)
    if decisions:
        change, figures = decisions[0]
        assert outlook.next == (change, change.at, figures.why)
    else:
        assert outlook.next is None


def test_what_a_policy_writes_is_the_limit_on_either_side() -> None:
    customer = lived(RHYTHM, [Browsed(START, "v", "Product Viewed")])
    told = {
        text: Criteria(compile_condition(text, RHYTHM.compiled.catalogue)).of(customer, START)
        for text in ("orders >= 2 and not orders < 1", "3 <= orders", "orders > 1 or views_30d >= 1")
    }
    assert told == {
        "orders >= 2 and not orders < 1": [("orders is at least 2", 0, 2, False)],
        "3 <= orders": [("orders is at least 3", 0, 3, False)],
        "orders > 1 or views_30d >= 1": [
            ("orders is above 1 or views_30d is at least 1", "views_30d 1 >= 1", None, True)
        ],
    }
