"""Looking more often changes nothing: only what an event can have changed, or is due, needs a decision."""

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AnyFact
from schemas.fact_order import in_order
from state.customer.customer import Customer, first_seen
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from state.timeline.corrections import numbered
from state.timeline.history import decide_history
from state.timeline.records_of_event import distinct
from tests.support.histories import DAY, decided, facts, remembered, rules


def look(customer: Customer, at: int, rulebook: Rulebook, decisions: list[Decision]) -> None:
    """Decide everything at an instant, due or not."""
    rulebook.elapse(customer, at - 1, decisions)
    customer.due = at
    rulebook.elapse(customer, at, decisions)


def look_often(
    history: list[AnyFact], looks: list[int], end: int, rulebook: Rulebook
) -> tuple[Customer, list[Decision]]:
    """Decide a history with a look right after each event, and at other instants."""
    customer = first_seen(history[0].at)
    decisions: list[Decision] = []
    for number, fact in enumerate(history):
        rulebook.advance(customer, fact, decisions)
        until = history[number + 1].at if number + 1 < len(history) else end
        for at in sorted({fact.at, *looks[bisect_right(looks, fact.at) : bisect_right(looks, until - 1)]}):
            look(customer, at, rulebook, decisions)
    look(customer, end, rulebook, decisions)
    return customer, decisions


@given(st.data())
def test_to_look_more_often_changes_nothing(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = remembered(data.draw(facts()), rulebook)
    history = distinct(in_order(history), rulebook.compiled.lateness_ms).facts
    end = history[-1].at + data.draw(st.sampled_from((0, 1, 8 * DAY, 45 * DAY, 200 * DAY)))
    looks = sorted(data.draw(st.lists(st.integers(history[0].at, end), max_size=8)))
    truth = decide_history(history, end, rulebook)
    assert truth is not None
    customer, decisions = look_often(history, looks, end, rulebook)
    assert [it.change for it in numbered(decisions)] == [it.change for it in truth.published]
    assert decided(customer) == decided(truth.customer)
