"""Facts about forgotten orders are refused alike by a backtest and by a stream, however the facts are batched."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AnyFact, OrderCancelled, OrderCompleted
from schemas.fact_order import in_order
from state.timeline.forgotten import Judgement
from state.timeline.history import decide_history
from state.timeline.records_of_event import distinct
from state.timeline.snapshot import dump, load
from state.timeline.timeline import apply_facts, begin
from tests.support.histories import DAY, RULES, START, facts

REFUSING = RULES["fixed"]


@given(facts(30), st.data())
def test_a_stream_and_a_backtest_refuse_the_same_facts(history: list[AnyFact], data: st.DataObject) -> None:
    lateness = REFUSING.compiled.lateness_ms
    history = distinct(in_order(history), lateness).facts
    timeline = begin(history[0].at)
    refused: list[AnyFact] = []
    arrived: list[AnyFact] = []
    judgement = Judgement()
    for fact in history:
        why = judgement.why_forgotten(timeline, arrived, fact, REFUSING)
        if why is None:
            arrived.append(fact)
        else:
            refused.append(fact)
        if data.draw(st.booleans()):
            apply_facts(timeline, arrived, fact.at, fact.at - lateness, REFUSING, [])
            arrived, judgement = [], Judgement()
            if data.draw(st.booleans()) and (timeline.tail.count or timeline.base):
                timeline = load(dump(timeline, REFUSING), REFUSING)
    truth = decide_history(history, history[-1].at, REFUSING)
    assert truth is not None
    assert refused == [fact for fact, _ in truth.refused]


def test_a_fact_is_judged_at_its_own_place() -> None:
    days = (0, 1, 20, 20.5)
    first, second, cancelled, later = (START + int(day * DAY) for day in days)
    timeline = begin(first)
    placed: list[AnyFact] = [
        OrderCompleted(first, "m1", "o1", 5, 1, ()),
        OrderCompleted(second, "m2", "o2", 5, 1, ()),
    ]
    apply_facts(timeline, placed, second, second, REFUSING, [])
    order = OrderCompleted(later, "m4", "o4", 5, 1, ())
    before_it = OrderCancelled(cancelled, "m3", "o4")
    assert Judgement().why_forgotten(timeline, [order], before_it, REFUSING) is not None
    after_it = OrderCancelled(later + 1, "m3", "o4")
    assert Judgement().why_forgotten(timeline, [order], after_it, REFUSING) is None
    of_another_week = OrderCancelled(second + 1, "m3", "o1")
    assert Judgement().why_forgotten(timeline, [order], of_another_week, REFUSING) is None
