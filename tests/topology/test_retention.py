"""Customers whom the policy forgets, as bytes: when, what is told, what is left, and what comes after."""

import json
from typing import Any

import pytest

from agents.batch import Record
from schemas.instant import from_text, to_text
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.topology.driver import DAY, START, Driver, order

MINUTE = 60_000
POLICY = """
name = "p"
[retention]
forget_prospects_after_days = 30
forget_churned_after_days = 100
[[segments]]
key = "seen"
name = "Seen"
enter = "views_90d >= 1"
"""
RULES = Rulebook(read_policy(POLICY, catalogue))
END = START + 30 * DAY
REMOVED = END + 120 * MINUTE + 1


def view(customer: str, at: int, number: int, time: int | None = None) -> Record:
    value = {"type": "page", "messageId": f"v{number}", "userId": customer, "timestamp": to_text(at)}
    return Record("customer.browsing", 0, time or at, customer.encode(), json.dumps(value).encode())


def told(driver: Driver) -> list[tuple[Any, ...]]:
    return [(it["event"], it["timestamp"], it["properties"]["seq"]) for it in driver.transitions]


def test_a_visitor_who_does_not_come_back_is_forgotten_at_the_very_instant_and_leaves_nothing() -> None:
    driver = Driver(RULES)
    driver.feed([view("v", START - DAY, 1), view("v", START, 2)], START)
    driver.feed([], END - 1)
    assert [it[0] for it in told(driver)] == ["Audience Entered"]
    driver.feed([], END)
    assert told(driver)[1:] == [("Customer Forgotten", to_text(END), 2)]
    assert driver.transitions[-1]["properties"]["reason"] == "retention"
    assert [*driver.snapshots] == [b"v"]  # a late event could still show that they are here
    due = driver.tracker.due()
    assert due is not None
    assert due <= REMOVED
    driver.feed([], REMOVED - 1)
    assert [*driver.snapshots] == [b"v"]
    outcome = driver.feed([], REMOVED)
    assert (outcome.changes, driver.snapshots, +driver.tracker.stages) == ({b"v": None}, {}, {})
    assert driver.tracker.due() is None
    assert len(driver.transitions) == 2


def test_whoever_comes_after_that_begins_anew_whether_or_not_they_are_removed_yet() -> None:
    for upto in (END, END + MINUTE, REMOVED):
        driver = Driver(RULES)
        driver.feed([order("c", START - 200 * DAY, 1), view("c", START - 200 * DAY, 1)], START - 200 * DAY)
        gone = _churned(driver) + 100 * DAY
        driver.feed([], gone + upto - END)
        count = len(driver.transitions)
        at = gone + max(MINUTE, upto - END)
        reloaded = Driver(RULES, driver.snapshots)
        reloaded.tracker.upto = driver.tracker.upto
        for it in (driver, reloaded):
            it.feed([order("c", at, 9)], at)
            it.feed([order("c", at + 2 * DAY, 10)], at + 2 * DAY)
        new = driver.transitions[count:]
        assert new == reloaded.transitions
        assert [it["properties"]["seq"] for it in new] == [*range(1, len(new) + 1)]
        assert (new[0]["properties"]["from"], new[0]["properties"]["orders"]) == ("prospect", 1)
        assert new[-1]["properties"]["orders"] == 2
        assert driver.tracker.stages["repeat"] == 1
        assert len({it["messageId"] for it in driver.transitions}) == len(driver.transitions)


def _churned(driver: Driver) -> int:
    """Let time pass until the only customer is churned, and return the instant of that."""
    while True:
        driver.feed([], driver.tracker.upto + DAY)
        for it in driver.transitions:
            if it["properties"].get("to") == "churned":
                return from_text(it["timestamp"])


def test_a_late_event_shows_that_the_customer_was_not_to_be_forgotten() -> None:
    driver = Driver(RULES)
    driver.feed([view("v", START, 1)], START)
    driver.feed([], END + 10 * MINUTE)
    driver.feed([view("v", END - MINUTE, 2, END + 20 * MINUTE)], END + 20 * MINUTE)
    events = [(it["event"], it["properties"]["retracted"], it["properties"]["seq"]) for it in driver.transitions]
    assert events[1:] == [("Customer Forgotten", False, 2), ("Customer Forgotten", True, 1)]
    driver.feed([], END - MINUTE + 30 * DAY)
    assert told(driver)[-1] == ("Customer Forgotten", to_text(END - MINUTE + 30 * DAY), 2)
    ids = [it["messageId"] for it in driver.transitions]
    assert len({*ids}) == len(ids)


def test_an_event_at_the_very_instant_is_the_first_of_the_new_customer() -> None:
    driver = Driver(RULES)
    driver.feed([view("v", START, 1)], START)
    driver.feed([order("v", END, 1)], END)
    assert [(it["event"], it["properties"]["seq"]) for it in driver.transitions] == [
        ("Audience Entered", 1),
        ("Customer Forgotten", 2),
        ("Lifecycle Stage Changed", 1),
    ]


def test_under_a_new_policy_whoever_is_long_gone_is_forgotten_at_once_and_nobody_is_met_again() -> None:
    without = Rulebook(read_policy('name = "p"\n', catalogue))
    before = Driver(without)
    before.feed([view("v", START, 1)], START)
    before.feed([view("other", START + 90 * DAY, 1)], START + 90 * DAY)
    driver = Driver(RULES, before.snapshots)
    driver.tracker.upto = before.tracker.upto
    upto = START + 90 * DAY
    driver.feed([], upto + 1)
    assert told(driver)[-1] == ("Customer Forgotten", to_text(upto + 1), 1)
    late = view("v", upto - MINUTE, 7, upto + MINUTE)
    driver.feed([late], upto + MINUTE)
    assert driver.rejected == {"late": 1}
    driver.feed([], upto + 130 * MINUTE)
    assert [*driver.snapshots] == [b"other"]


@pytest.mark.parametrize("days", [0.5, 0, -1])
def test_less_than_a_day_is_refused(days: float) -> None:
    with pytest.raises(Exception, match="forget_prospects_after_days"):
        read_policy(f'name = "p"\n[retention]\nforget_prospects_after_days = {days}\n', catalogue)


def test_a_stage_that_the_lifecycle_does_not_have_is_refused() -> None:
    stages = '[[lifecycle.stages]]\nkey = "buyer"\nenter = "orders >= 1"\n[[lifecycle.stages]]\nkey = "guest"\n'
    with pytest.raises(Exception, match='no stage "churned"'):
        read_policy(f'name = "p"\n[retention]\nforget_churned_after_days = 9\n{stages}', catalogue)
