"""What a snapshot becomes when nothing happens is what a backtest until that instant says."""

from hypothesis import given
from hypothesis import strategies as st

from schemas import profile as profiles
from schemas.events import AnyFact
from state.timeline.history import decide_history
from state.timeline.later_profile import profile_at
from state.timeline.receive import receive
from state.timeline.snapshot import dump, load
from state.timeline.timeline import apply_facts, begin
from tests.support.histories import DAY, facts, remembered, rules


@given(st.data())
def test_a_profile_at_any_later_instant_is_that_of_a_backtest(data: st.DataObject) -> None:
    rulebook = data.draw(rules)
    history = remembered(data.draw(facts()), rulebook)
    lateness = rulebook.compiled.lateness_ms
    timeline = begin(history[0].at, "u")
    for fact in history:
        arrived: list[AnyFact] = []
        receive(timeline, arrived, fact, lateness)
        apply_facts(timeline, arrived, fact.at, fact.at - lateness, rulebook, [])
    seen = history[-1].at + data.draw(st.sampled_from((0, DAY, 40 * DAY)))
    apply_facts(timeline, [], seen, seen - lateness, rulebook, [])
    snapshot = dump(timeline, rulebook)
    at = seen + data.draw(st.integers(0, 400 * DAY))

    told = profile_at(load(snapshot, rulebook, "u"), at, rulebook)

    truth = decide_history(history, at, rulebook, "u")
    assert truth is not None
    assert told.seq >= len(truth.published)  # what was published and taken back has numbers, too
    expected = rulebook.profiles.profile(truth.customer, user_id="u", seq=told.seq, at=at)
    assert profiles.encode(told) == profiles.encode(expected)
    assert dump(load(snapshot, rulebook, "u"), rulebook) == snapshot
