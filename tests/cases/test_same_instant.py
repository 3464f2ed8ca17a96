"""Events of one second, minute or day: what makes comes before what changes, whatever the ids and the sequence."""

from itertools import permutations
from typing import Any

import pytest

from tests.cases.intake import Intake, both, event

NOON = "2025-03-01T12:00:00Z"
DAY = "2025-03-01T00:00:00Z"
POLICY = """
name = "cases"
[[segments]]
key = "waiting"
name = "Waiting for an answer"
enter = "tickets_open >= 1"
[[segments]]
key = "left"
name = "Left the cart"
enter = "carts_7d >= 1 and orders == 0"
"""
UNDONE: list[tuple[str, dict[str, Any], float | None]] = [
    ("Order Cancelled", {}, None),
    ("Order Refunded", {"total": 100}, None),
    ("Order Refunded", {}, None),
    ("Order Refunded", {"total": 30}, 70.0),
    ("Order Updated", {"total": 70}, 70.0),
    ("Order Updated", {"total": 0}, 0.0),
]


@both
@pytest.mark.parametrize("ids", [("f4", "0a"), ("0b", "f5"), ("z", "é"), (None, None), ("same", "same")])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("name", "properties", "left"), UNDONE)
def test_an_order_comes_before_what_befalls_it(
    intake: Intake,
    ids: tuple[str | None, str | None],
    reverse: bool,
    name: str,
    properties: dict[str, Any],
    left: float | None,
) -> None:
    lines = [
        event("Order Completed", "c", NOON, ids[0], order_id="1", total=100),
        event(name, "c", NOON, ids[1], order_id="1", **properties),
    ]
    result = intake(reversed(lines) if reverse else lines)
    assert result.rejects == []
    assert result.duplicates == 0
    assert result.figure("c", "orders") == (0 if left is None else 1)
    assert result.figure("c", "revenue") == (left or 0)


@both
def test_a_whole_life_on_one_day(intake: Intake) -> None:
    lines = [
        event("Order Cancelled", "c", DAY, "1", order_id="b"),
        event("Order Refunded", "c", DAY, "2", order_id="a", total=70),
        event("Order Updated", "c", DAY, "3", order_id="a", total=70),
        event("Order Completed", "c", DAY, "4", order_id="a", total=100),
        event("Order Completed", "c", DAY, "5", order_id="b", total=9),
        event("Order Completed", "c", DAY, "6", order_id="c", total=5),
    ]
    for order in permutations(lines):
        result = intake(order)
        assert (result.figure("c", "orders"), result.figure("c", "revenue")) == (1, 5.0)


@both
@pytest.mark.parametrize(
    ("opens", "solves"),
    [
        ("Support Ticket Created", "Support Ticket Solved"),
        ("Live Chat Conversation Started", "Live Chat Conversation Ended"),
        ("Support Ticket Reopened", "Support Ticket Solved"),
    ],
)
@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
def test_a_ticket_of_one_second_ends_solved(intake: Intake, opens: str, solves: str, ids: tuple[str, str]) -> None:
    lines = [
        event(solves, "c", NOON, ids[0], ticket_id="t"),
        event("Support Ticket Rated", "c", NOON, "r", ticket_id="t", rating=5),
        event(opens, "c", NOON, ids[1], ticket_id="t"),
    ]
    result = intake(lines, POLICY)
    assert result.figure("c", "tickets_open") == 0
    assert result.figure("c", "tickets_solved_7d") == 1


@both
@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
def test_a_cart_of_the_day_of_its_order_is_not_left(intake: Intake, ids: tuple[str, str]) -> None:
    lines = [
        event("Product Added", "c", DAY, ids[0], product_id="p"),
        event("Order Completed", "c", DAY, ids[1], order_id="1", total=9),
    ]
    result = intake(lines, POLICY)
    assert [it["event"] for it in result.transitions["c"]] == ["Lifecycle Stage Changed"]


@both
def test_facts_that_differ_only_in_what_they_say_have_one_order(intake: Intake) -> None:
    lines = [
        event("Order Completed", "c", NOON, "m", order_id="a", total=1),
        event("Order Completed", "c", NOON, "m", order_id="b", total=2),
        event("Order Completed", "c", NOON, "m", order_id="c", total=3),
    ]
    results = [intake(order) for order in permutations(lines)]
    assert [it.figure("c", "revenue") for it in results] == [6.0] * 6
    ids = [[transition["messageId"] for transition in it.transitions["c"]] for it in results]
    assert ids == [ids[0]] * 6
