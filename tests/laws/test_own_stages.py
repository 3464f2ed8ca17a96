"""Stages of the policy's own change at the instants that a look at every hour finds, in any order of the list."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from state.conditions.condition import Condition
from state.customer.customer import Customer, first_seen
from state.customer.silence import Silence
from state.features.catalogue import catalogue
from state.policy.compiled import CompiledPolicy, read_policy
from state.rules.rulebook import Rulebook
from tests.support.frequent_looks import HOUR, NOON, decided, events, history_of, look_often

LIMITS = {"at_risk": 5 * 24 * HOUR, "churned": 12 * 24 * HOUR}
STAGES = (
    ("gone", 'silence == "churned"', ""),
    ("quiet", 'silence != "none" and days_since_visit > 2', "days_since_visit < 1"),
    ("regular", "orders_7d >= 2", "orders_7d < 1"),
    ("true", "loyal and occasions >= 2", ""),
    ("browsing", "days_since_visit <= 3", ""),
    ("customer", "orders >= 1 and days_since_order < 9", ""),
)


@cache
def rulebook(places: tuple[int, ...]) -> Rulebook:
    """Rules whose stages are some of those above, in this order, and one for everybody else."""
    text = 'name = "p"\n[lifecycle]\none_time_patience_days = 5\none_time_churn_days = 12\n'
    text += '[lifecycle.patience]\nmethod = "fixed"\ndays = 5\nchurn_days = 12\n'
    text += '[lifecycle.loyal]\nenter = "orders_30d >= 3"\nleave = "orders_14d < 2"\nmin_stay_days = 0\n'
    for key, enter, leave in map(STAGES.__getitem__, places):
        text += f"[[lifecycle.stages]]\nkey = '{key}'\nenter = '{enter}'\nleave = '{leave}'\n"
    return Rulebook(read_policy(f"{text}[[lifecycle.stages]]\nkey = 'other'\n", catalogue))


class Looking:
    """A customer who is looked at very often, and whose stage is the first in the list that fits."""

    def __init__(self, policy: CompiledPolicy, customer: Customer) -> None:
        self.policy, self.customer = policy, customer
        self.moves: list[tuple[int, str, str]] = []

    def look(self, at: int) -> None:
        customer = self.customer
        rule = self.policy.loyal_enter if customer.loyal_since is None else self.policy.loyal_leave
        if rule.holds(customer, at):
            customer.loyal_since = at if customer.loyal_since is None else None
        customer.silence = self.silence(at)
        (*others, last) = self.policy.stages
        fits = [it.key for it in others if it.enter and it.leave and self.fits(it.key, it.enter, it.leave, at)]
        stage = fits[0] if fits else last.key
        if stage != customer.stage:
            self.moves.append((at, customer.stage, stage))
            customer.stage = stage

    def fits(self, key: str, enter: Condition, leave: Condition, at: int) -> bool:
        stays = not leave.holds(self.customer, at)
        return stays if key == self.customer.stage else stays and enter.holds(self.customer, at)

    def silence(self, at: int) -> Silence:
        last = self.customer.purchases.last()
        if last is None or at - last < LIMITS["at_risk"]:
            return "none"
        return "at_risk" if at - last < LIMITS["churned"] else "churned"


orders = st.lists(st.sampled_from(range(len(STAGES))), unique=True).map(tuple)


@settings(max_examples=settings().max_examples // 2)  # an example is thousands of looks
@given(orders, events)
def test_stages_change_at_the_instants_that_a_look_at_every_hour_finds(
    places: tuple[int, ...], drawn: list[tuple[int, str]]
) -> None:
    rules, history = rulebook(places), history_of(drawn)
    decisions = decided(rules, history)
    customer = first_seen(NOON, stage=rules.first_stage)
    looking = Looking(rules.compiled, customer)
    look_often(rules, history, customer, looking.look)
    changes = [it.change for it in decisions if it.change.key is None]
    assert [(it.at, it.from_, it.to) for it in changes] == looking.moves
