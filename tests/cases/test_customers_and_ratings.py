"""Ids of customers as producers send them, what stands for no customer, and ratings of all sorts."""

import json
from typing import Any

import pytest

from tests.cases.intake import Intake, both, event

CUSTOMERS = [
    *("Anna@Example.com", "anna@example.com", " anna@example.com", "😀🛒", "é", "e\u0301", "李雷", "مريم"),
    *("a b/c:d*?", "x\x00y", "tab\tnew\nline", "'; DROP TABLE", "\u200bzero", "{curly}", "lifestage:customer:1"),
]
PLACEHOLDERS = [
    *("guest", "Guest", "null", "undefined", "None", "0", "[object Object]", "NaN", "{{customer.id}}"),
    "00000000-0000-0000-0000-000000000000",
]
SUPPORT = """
name = "support"
[intake]
rating_scale = [0, 10]
[lifecycle.support]
shorten_to = 0.5
bad_rating = 4
"""


def orders(users: list[str]) -> list[bytes]:
    times = (f"2025-03-{number // 24 + 1:02}T{number % 24:02}:00:00Z" for number in range(1000))
    return [
        event("Order Completed", user, at, order_id=f"{number}", total=60)
        for number, (user, at) in enumerate(zip(users, times, strict=False))
    ]


@both
def test_every_text_is_a_customer_of_its_own(intake: Intake) -> None:
    result = intake(orders(CUSTOMERS))
    assert result.rejects == []
    assert sorted(result.profiles) == sorted(CUSTOMERS)


@both
def test_placeholders_are_no_customers(intake: Intake) -> None:
    result = intake(orders(["ann", *PLACEHOLDERS, *["guest"] * 20]))
    assert list(result.profiles) == ["ann"]
    assert [reason for _, reason in result.rejects] == ["placeholder_user"] * (len(PLACEHOLDERS) + 20)
    assert result.details[2] == (
        "userId is 'guest', which stands for no customer: send the customer's own id, "
        "or take it off not_customers in the policy's [intake]"
    )


@both
def test_the_policy_decides_who_is_no_customer(intake: Intake) -> None:
    everybody = intake(orders(PLACEHOLDERS), 'name = "all"\n[intake]\nnot_customers = []')
    assert len(everybody.profiles) == len(PLACEHOLDERS)
    own = intake(orders(["guest", "Test-7", "till 4"]), 'name = "own"\n[intake]\nnot_customers = ["test-*", "TILL*"]')
    assert list(own.profiles) == ["guest"]


def rated(user: str, rating: Any) -> bytes:
    return event("Support Ticket Rated", user, "2025-03-01T10:00:00Z", ticket_id=12345, rating=rating)


@both
def test_ratings(intake: Intake) -> None:
    result = intake([rated("a", "2"), rated("b", 4.5), rated("c", 3.0), rated("d", "bad"), rated("e", 9)])
    assert {user: result.figure(user, "last_rating") for user in result.profiles} == {"a": 2, "b": 4.5, "c": 3}
    assert result.rejects == [(4, "invalid"), (5, "invalid")]
    assert result.details[4].startswith('properties.rating is "bad": send a number')
    assert result.details[5] == (
        "properties.rating is 9, and the policy's scale is 1 to 5: "
        "set rating_scale in its [intake] to the scale of your ratings"
    )


@both
def test_ratings_on_another_scale_stay_on_it(intake: Intake) -> None:
    result = intake([rated("a", 9), rated("a", "6.25"), rated("b", 0), rated("c", 10.5)], SUPPORT)
    assert result.figure("a", "average_rating_30d") == 7.625
    assert result.figure("b", "last_rating") == 0
    assert result.rejects == [(4, "invalid")]


@both
def test_a_blank_id_is_nobody(intake: Intake) -> None:
    lines = [
        event("Order Completed", blank, "2025-03-01T10:00:00Z", order_id="1", total=9) for blank in (" ", "\u00a0")
    ]
    assert intake(lines).rejects == [(1, "placeholder_user"), (2, "placeholder_user")]


@both
@pytest.mark.parametrize("order_id", ["undefined", " NULL ", " ", "[object Object]", "NaN"])
@pytest.mark.parametrize("name", ["Order Completed", "Order Updated", "Order Refunded", "Order Cancelled"])
def test_a_placeholder_is_no_order(intake: Intake, name: str, order_id: str) -> None:
    line = event(name, "ann", "2025-03-01T10:00:00Z", order_id=order_id, total=9)
    assert intake([line]).rejects == [(1, "invalid")]


@both
def test_an_object_without_fields_may_be_written_as_php_does(intake: Intake) -> None:
    identify = {"type": "identify", "userId": "ann", "timestamp": "2025-03-01T10:00:00Z", "traits": []}
    around = {
        **identify,
        "traits": " ",
        "timestamp": "2025-03-02T10:00:00Z",
        "context": {"traits": {"kind": "business"}},
    }
    result = intake([json.dumps(it).encode() for it in (identify, around)])
    assert result.rejects == []
    assert result.profiles["ann"]["traits"] == {"kind": "business"}
