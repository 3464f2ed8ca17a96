"""The history of segments is what the changes say, at every instant, for the segments that are asked about."""

from fractions import Fraction
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import AnyFact
from state.customer.packing import pack, unpack
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.history import decide_history
from tests.support.histories import DAY, POLICIES, RULES, decided_only, facts

FUNCTIONS = ("days_since_entered", "days_since_left", "total_days_in", "times_entered")


@cache
def asking(policy: str, keys: tuple[str, ...]) -> Rulebook:
    """Return the rules of a policy with a segment that asks everything about some of the others."""
    calls = [f"{function}(segment = '{key}')" for function in FUNCTIONS for key in keys]
    segment = f'[[segments]]\nkey = "asks"\nname = "Asks"\nenter = "{" < 0 or ".join(calls)} < 0"'
    return Rulebook(read_policy(f"{POLICIES[policy]}\n{segment}", catalogue))


@given(st.data(), facts(), st.sampled_from(sorted(it for it in POLICIES if RULES[it].compiled.segments)))
def test_history_is_what_the_changes_say(data: st.DataObject, history: list[AnyFact], policy: str) -> None:
    every = tuple(it.key for it in RULES[policy].compiled.segments)
    keys = data.draw(st.sampled_from((every, every[:1])))
    rules = asking(policy, keys)
    end = history[-1].at + data.draw(st.sampled_from((0, 1, 5 * DAY, 60 * DAY)))
    truth = decide_history(history, end, rules)
    assert truth is not None
    customer, features = truth.customer, rules.compiled.catalogue.features
    until = end + 300 * DAY if customer.due is None else customer.due - 1
    at = data.draw(st.integers(end, max(end, until)))
    for key in keys:
        moves = [it.change for it in truth.published if it.change.key == key and it.change.direction is None]
        began, ended = [it.at for it in moves if it.to == "in"], [it.at for it in moves if it.to == "out"]
        stays = list(zip(began, [*ended, at], strict=False))
        found = {it: features[f'{it}(segment="{key}")'].formula.exact(customer, at, 0) for it in FUNCTIONS}
        assert found == {
            "days_since_entered": Fraction(at - began[-1], DAY) if began else None,
            "days_since_left": Fraction(at - ended[-1], DAY) if ended else None,
            "total_days_in": Fraction(sum(until - since for since, until in stays), DAY),
            "times_entered": len(began),
        }
    left = {it.change.key for it in truth.published if it.change.to == "out" and it.change.direction is None}
    assert set(customer.past_memberships) == left & rules.compiled.remembered_segments
    assert decided_only(unpack(pack(customer))) == decided_only(customer)
