"""The history of stages is what the published steps say, at every instant, for the stages that are asked about."""

from fractions import Fraction
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AnyFact
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from tests.support.histories import DAY, POLICIES, RULES, facts
from tests.support.stages import STAGES

FUNCTIONS = ("days_since_entered", "days_since_left", "total_days_in", "times_entered")
ASKED = (STAGES, ("at_risk", "churned"), ("loyal",))


@cache
def asking(policy: str, stages: tuple[str, ...]) -> Rulebook:
    """Return the rules of a policy with a segment that asks everything about some stages."""
    calls = [f"{function}(stage = '{stage}')" for function in FUNCTIONS for stage in stages]
    segment = f'[[segments]]\nkey = "asks"\nname = "Asks"\nenter = "{" < 0 or ".join(calls)} < 0"'
    return Rulebook(read_policy(f"{POLICIES[policy]}\n{segment}", catalogue))


@given(st.data(), facts(), st.sampled_from(sorted(POLICIES)), st.sampled_from(ASKED))
def test_history_is_what_the_steps_say(
    data: st.DataObject, history: list[AnyFact], policy: str, stages: tuple[str, ...]
) -> None:
    rules = asking(policy, stages)
    end = history[-1].at + data.draw(st.sampled_from((0, 1, 5 * DAY, 60 * DAY)))
    truth = decide_history(history, end, rules)
    assert truth is not None
    customer, features = truth.customer, rules.compiled.catalogue.features
    until = end + 300 * DAY if customer.due is None else customer.due - 1
    at = data.draw(st.integers(end, max(end, until)))
    begun = [("prospect", customer.first_event_at)]
    begun += [(it.change.to, it.change.at) for it in truth.published if it.change.key is None]
    stays = [(stage, since, until) for (stage, since), (_, until) in zip(begun, [*begun[1:], ("", at)], strict=True)]
    for stage in stages:
        of_stage = [(since, until) for each, since, until in stays if each == stage]
        over = [(since, until) for each, since, until in stays[:-1] if each == stage]
        found = {it: features[f'{it}(stage="{stage}")'].formula.exact(customer, at, 0) for it in FUNCTIONS}
        assert found == {
            "days_since_entered": Fraction(at - of_stage[-1][0], DAY) if of_stage else None,
            "days_since_left": Fraction(at - over[-1][1], DAY) if over else None,
            "total_days_in": Fraction(sum(until - since for since, until in of_stage), DAY),
            "times_entered": len(of_stage),
        }
    previous = features["previous_stage"].formula.value(customer, at, 0)
    assert previous == (stays[-2][0] if len(stays) > 1 else None)
    remembered = rules.compiled.remembered_stages
    assert remembered == RULES[policy].compiled.remembered_stages | set(stages)
    assert set(customer.past_stays) == {stage for stage, _, _ in stays[:-1]} & remembered
