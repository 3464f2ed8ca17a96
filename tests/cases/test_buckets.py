"""Random groups and the hold-out: the same in every system, in backtest and stream, and after a late event."""

import json
from hashlib import blake2b
from typing import Any

import pytest

from schemas.events import AnyFact, OrderCompleted
from state.customer.bucket import bucket_of
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import dump, load
from state.timeline.timeline import apply_facts, begin
from tests.cases.intake import Intake, both, event
from tests.support.histories import START

POLICY = """
name = "groups"
[time]
lateness_minutes = 10080
[holdout]
name = "spring"
percent = 42.5
[[segments]]
key = "trial"
name = "Trial"
enter = 'bucket("trial", 10) < 5 and orders >= 2'
[[segments]]
key = "left_alone"
name = "Left alone"
enter = "holdout"
"""
CUSTOMERS = [f"c{number}" for number in range(40)] + ["jörg@example.com", "42"]


def group(user_id: str, name: str, buckets: int) -> int:
    return int.from_bytes(blake2b(f"{name}\n{user_id}".encode(), digest_size=8).digest(), "big") % buckets


def order(customer: str, day: int) -> bytes:
    timestamp = f"2025-01-{day:02}T10:00:00Z"
    return event("Order Completed", customer, timestamp, f"{customer}-{day}", order_id=f"{customer}-{day}", total=5)


def held_out(transitions: list[dict[str, Any]]) -> set[Any]:
    return {it["properties"]["holdout"] for it in transitions}


def test_the_published_vectors_are_right() -> None:
    users = ("1", "42", "c1", "jörg@example.com")
    assert [bucket_of(it, "spring", 100) for it in users] == [56, 99, 24, 18]
    assert [bucket_of(it, "autumn", 100) for it in users] == [85, 20, 2, 82]


def test_groups_are_of_one_size_and_independent_of_those_of_another_name() -> None:
    both_names = [(bucket_of(str(it), "a", 2), bucket_of(str(it), "b", 2)) for it in range(8000)]
    assert all(1850 < both_names.count(pair) < 2150 for pair in ((0, 0), (0, 1), (1, 0), (1, 1)))


@both
@pytest.mark.parametrize("days", [(1, 5), (5, 1)])
def test_groups_follow_from_the_user_id_alone(intake: Intake, days: tuple[int, int]) -> None:
    found = intake([order(it, day) for day in days for it in CUSTOMERS], POLICY)
    for it in CUSTOMERS:
        is_held_out = group(it, "spring", 10_000) < 4250
        assert held_out(found.transitions[it]) == {is_held_out}
        assert found.profiles[it]["holdout"] is is_held_out
        expected = {"trial"} if group(it, "trial", 10) < 5 else set()
        assert set(found.profiles[it]["segments"]) == expected | ({"left_alone"} if is_held_out else set())
    assert 10 < sum(found.profiles[it]["holdout"] for it in CUSTOMERS) < 30


@both
def test_nobody_is_held_out_where_the_policy_holds_nobody_out(intake: Intake) -> None:
    found = intake([order("c", 1)], 'name = "p"')
    assert held_out(found.transitions["c"]) == {None}
    assert found.profiles["c"]["holdout"] is None


def test_a_snapshot_does_not_hold_the_user_id_and_has_it_when_it_is_read() -> None:
    rules = Rulebook(read_policy(POLICY, catalogue))
    facts: list[AnyFact] = [OrderCompleted(START, "m1", "o1", 500, 1, ())]
    sizes = set()
    for user_id in ("u", "u" * 200):
        timeline = begin(START, user_id)
        apply_facts(timeline, facts, START, START, rules, [])
        snapshot = dump(timeline, rules)
        sizes.add(len(snapshot))
        assert load(snapshot, rules, user_id).head.user_id == user_id
        assert user_id.encode() * 2 not in snapshot
    assert max(sizes) - min(sizes) < 60  # they may be in other segments


def test_a_policy_without_a_hold_out_keeps_its_version() -> None:
    assert read_policy('name = "p"', catalogue).version == read_policy('name = "p"\n# [holdout]', catalogue).version
    held = read_policy('name = "p"\n[holdout]\nname = "a"\npercent = 5', catalogue)
    assert held.version != read_policy('name = "p"', catalogue).version
    assert json.loads(json.dumps(held.policy.holdout.percent if held.policy.holdout else 0)) == 5
