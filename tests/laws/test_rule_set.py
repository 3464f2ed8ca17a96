"""Conditions evaluated together give the answers that each gives alone, on the features of real customers."""

from hypothesis import assume, given
from hypothesis import strategies as st

from state.conditions.condition import Condition, compile_condition, entering, opposite
from state.conditions.errors import ConditionError
from state.conditions.rule_set import Rule, RuleSet
from state.features.catalogue import catalogue
from state.policy.shape import Policy
from state.timeline.history import decide_history
from tests.support.histories import DAY, RULES, facts

CATALOGUE = catalogue(Policy(name="any"))
PLAIN = ("orders", "revenue", "orders_90d", "revenue_30d", "sessions_7d", "views_30d", "tickets_open", "2")
MISSING = (
    "days_since_order",
    "mean_gap_days",
    "frequency_score + monetary_score",
    "days_since_visit",
    "oldest_ticket_days",
    "average_rating_30d",
    "-recency_score",
    "10 / (orders_90d - 2)",
    "revenue / (2 - orders_30d)",
)
operands = st.sampled_from(PLAIN + MISSING)
comparisons = st.builds(
    "{} {} {}".format, operands, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), st.one_of(operands, operands)
)
texts = st.one_of(
    comparisons,
    st.builds("{} and {}".format, comparisons, comparisons),
    st.builds("{} or not ({})".format, comparisons, comparisons),
)


def compiled(text: str) -> Condition | None:
    try:
        return compile_condition(text, CATALOGUE)
    except ConditionError:
        return None


def _rule(key: str, enter: Condition) -> Rule:
    leave = opposite(enter)
    return key, entering(enter, leave), leave


@given(st.lists(texts, min_size=1, max_size=5), facts(), st.data())
def test_all_at_once_say_what_each_says_alone(several, history, data):
    conditions = [it for it in map(compiled, several) if it is not None]
    assume(conditions)
    at = history[-1].at + data.draw(st.sampled_from((0, 1, DAY, 9 * DAY, 40 * DAY)))
    until = at + data.draw(st.sampled_from((1, DAY, 28 * DAY, 200 * DAY)))
    seen = decide_history(history, at, RULES["fixed"])
    assert seen is not None
    customer = seen.customer
    rules = [_rule(str(number), it) for number, it in enumerate(conditions)]
    joined = {key for key, _, _ in rules if data.draw(st.booleans())}
    rule_set = RuleSet(rules)
    nothing = (False,) * len(rules), (False,) * len(rules)
    now, later = rule_set.now_and_later(customer, at, until, joined) or nothing
    assert rule_set.now(customer, at, joined) == now
    assert rule_set.later(customer, at, until, joined) == later
    for (key, enter, leave), holds, may_change in zip(rules, now, later, strict=True):
        condition = leave if key in joined else enter
        assert holds == condition.holds(customer, at)
        if not holds and condition.begins(customer, at, until) is not None:
            assert may_change
