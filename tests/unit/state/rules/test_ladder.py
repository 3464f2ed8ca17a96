"""Ladders under a new policy: what is kept, what is left, and what has lasted counts on."""

from schemas.events import OrderCompleted
from state.customer.customer import Customer, first_seen
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.decision import Decision
from state.rules.rulebook import Rulebook
from tests.support.histories import DAY, START

LADDER = '[[ladders]]\nkey = "tier"\nname = "Tier"\n'
GOLD = "[[ladders.steps]]\nkey = 'gold'\nname = 'Gold'\nenter = 'orders >= 1'\nleave = 'days_since_order > 5'\n"
SILVER = "[[ladders.steps]]\nkey = 'silver'\nname = 'Silver'\nenter = 'orders >= 1'\n"


def rules(text: str) -> Rulebook:
    return Rulebook(read_policy('name = "p"\n' + text, catalogue))


def decided_under(text: str, days: float) -> tuple[Customer, list[Decision]]:
    """A customer of one order, so many days later."""
    customer = first_seen(START)
    decisions: list[Decision] = []
    rulebook = rules(text)
    rulebook.advance(customer, OrderCompleted(START, "m", "o", 100, 1, ()), decisions)
    rulebook.elapse(customer, START + round(days * DAY), decisions)
    customer.at = START + round(days * DAY)
    return customer, decisions


def adopted(text: str, customer: Customer) -> list[tuple[str, str, str, str | None, str]]:
    decisions: list[Decision] = []
    rules(text).adopt(customer, customer.at, decisions)
    changes = [(it.change, it.figures.why) for it in decisions if it.change.key is not None]
    assert all(change.cause.kind == "policy" for change, _ in changes)
    return [(change.key or "", change.from_, change.to, change.direction, why) for change, why in changes]


def test_a_ladder_that_is_added_is_entered_at_once() -> None:
    customer, _ = decided_under("", 2)
    assert adopted(LADDER + GOLD, customer) == [
        ("tier", "none", "gold", "entered", "orders 1 >= 1; days_since_order 2 <= 5")
    ]


def test_a_ladder_that_is_gone_is_left() -> None:
    customer, _ = decided_under(LADDER + GOLD, 2)
    assert adopted("", customer) == [("tier", "gold", "none", "left", "the policy has no such ladder")]
    assert not customer.steps


def test_a_step_that_is_gone_or_has_another_key_is_left_and_the_ladder_decided_anew() -> None:
    for other in (SILVER, GOLD.replace("'gold'", "'golden'")):
        customer, _ = decided_under(LADDER + GOLD + "grace_days = 9\n", 5.5)
        assert customer.held == {"tier": START + 5 * DAY + 1}
        left, *entered = adopted(LADDER + other, customer)
        assert left == ("tier", "gold", "none", "left", "the policy has no such step")
        assert [it[:3] for it in entered] == ([("tier", "none", "silver")] if other == SILVER else [])
        assert not customer.held


def test_a_step_that_moved_is_kept_with_its_instant() -> None:
    customer, _ = decided_under(LADDER + SILVER, 2)
    assert adopted(LADDER + GOLD.replace("orders >= 1", "orders >= 2") + SILVER, customer) == []
    assert customer.steps == {"tier": ("silver", START)}


def test_what_has_lasted_counts_on_if_the_step_has_a_grace_still() -> None:
    graced = LADDER + GOLD + "grace_days = 4\n"
    customer, _ = decided_under(graced, 6)
    assert adopted(graced + "min_stay_days = 1\n", customer) == []
    assert customer.due == START + 9 * DAY + 1, "four days after more than five days of silence"
    assert [it[:4] for it in adopted(LADDER + GOLD, customer)] == [("tier", "gold", "none", "left")]
    assert not customer.held


def test_what_is_being_confirmed_counts_on_where_it_still_must_be() -> None:
    confirmed = LADDER + GOLD + "confirm_hours = 72\n"
    segment = "[[segments]]\nkey = 'one'\nname = 'One'\nenter = 'orders == 1'\nconfirm_hours = 96\n"
    customer, _ = decided_under(confirmed + segment, 2)
    assert customer.held == {"tier:gold": START, "one": START}
    assert adopted(confirmed + segment + "[[segments]]\nkey = 'x'\nname = 'X'\nenter = 'loyal'\n", customer) == []
    assert customer.held == {"tier:gold": START, "one": START}
    assert customer.due == START + 3 * DAY
    assert [it[:3] for it in adopted(LADDER + GOLD, customer)] == [("tier", "none", "gold")]
    assert not customer.held


def test_of_what_began_to_hold_between_two_decisions_the_first_instant_is_remembered() -> None:
    customer, decisions = decided_under(LADDER + GOLD + "grace_days = 4\n", 60)
    (change,) = [it.change for it in decisions if it.change.direction == "left"]
    assert change.at == START + 9 * DAY + 1
    assert not customer.held
