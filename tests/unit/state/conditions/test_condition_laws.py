"""Laws: the predicted changes of a condition are those found by evaluating it at every millisecond."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from state.conditions.condition import compile_condition, entering, opposite
from state.conditions.errors import ConditionError
from state.conditions.nodes import leaves_of
from state.conditions.precision import Trust, trust_of
from state.conditions.rule_set import RuleSet
from tests.unit.state.conditions.condition_texts import texts, toys
from tests.unit.state.conditions.toy import CATALOGUE, Toy

NOW = 600
SEEN = 700


def _compiled(text, catalogue=CATALOGUE):
    try:
        return compile_condition(text, catalogue)
    except ConditionError as error:
        assert any(word in error.message for word in ("move", "divides", "two traits")), f"{text}: {error}"
        assume(False)


def _check(condition, toy, start):
    expected = next((t for t in range(start + 1, start + SEEN) if condition.holds(toy, t)), None)
    # A century has too many days of ten milliseconds.
    found = condition.begins(toy, start, start + 5 * SEEN if {"age", "days_to_birthday"} & condition.names else None)
    if expected is not None:
        assert found == expected
    elif found is not None:
        assert found >= start + SEEN
        assert condition.holds(toy, found)
        assert not condition.holds(toy, found - 1)
    for until in (start, start + 1, start + 50, start + 333):
        within = expected is not None and expected <= until
        assert condition.begins(toy, start, until) == (expected if within else None)


@given(texts, toys, st.integers(0, 60))
def test_it_begins_at_the_first_millisecond_at_which_it_holds(text, toy, later):
    condition = _compiled(text)
    start = NOW + later
    assume(not condition.holds(toy, start))
    _check(condition, toy, start)


@settings(max_examples=settings().max_examples // 2)
@given(texts, texts, toys)
def test_entering_begins_at_the_first_millisecond_too(enter, leave, toy):
    condition = entering(_compiled(enter), _compiled(leave))
    assume(not condition.holds(toy, NOW))
    _check(condition, toy, NOW)


def _rule_set(conditions):
    """Asks each condition of those who have not joined, and its opposite of those who have."""
    return RuleSet([(str(number), it, opposite(it)) for number, it in enumerate(conditions)])


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(texts, max_size=6), toys, st.data())
def test_all_at_once_answer_as_each_alone_and_read_a_feature_once(several, toy, data):
    conditions = [_compiled(text, CATALOGUE) for text in several]
    joined = {key for key in map(str, range(len(several))) if data.draw(st.booleans())}
    apart = tuple(it.holds(toy, NOW) is not (str(number) in joined) for number, it in enumerate(conditions))
    toy.reads.clear()
    assert _rule_set(conditions).now(toy, NOW, joined) == apart
    if all(trust_of(leaf) is Trust.FULL for it in conditions for leaf in leaves_of(it.tree)):
        assert len(toy.reads) == len(set(toy.reads))


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(texts, max_size=4), toys, st.integers(1, SEEN))
def test_who_will_change_is_never_ruled_out(several, toy, ahead):
    conditions = [_compiled(text) for text in several]
    nothing = (False,) * len(conditions), (False,) * len(conditions)
    now, later = _rule_set(conditions).now_and_later(toy, NOW, NOW + ahead, ()) or nothing
    assert later == _rule_set(conditions).later(toy, NOW, NOW + ahead, ())
    for condition, holds, may_change in zip(conditions, now, later, strict=True):
        assert holds == condition.holds(toy, NOW)
        if not holds and condition.begins(toy, NOW, NOW + ahead) is not None:
            assert may_change


@given(texts, toys)
def test_reasons_never_fail_and_come_from_the_text(text, toy: Toy):
    assert _compiled(text).why(toy, NOW)
