"""Bounds: nothing that a policy names is lost to one, and one that holds is told."""

import json
from typing import Any

from tests.cases.intake import Intake, both, event

POLICY = """
name = "cases"
[[segments]]
key = "vip"
name = "VIP"
enter = "traits.zz_plan == 'vip' and kind == 'business'"
[[segments]]
key = "asking"
name = "Asking"
enter = "tickets_open >= 64"
"""
VIP = {"zz_plan": "vip", "kind": "business"}


def minute(number: int) -> str:
    return f"2025-03-01T{number // 60:02}:{number % 60:02}:00Z"


def identify(number: int, **traits: Any) -> bytes:
    value = {"type": "identify", "userId": "c", "timestamp": minute(number), "messageId": f"i{number}"}
    return json.dumps({**value, "traits": traits}).encode()


def joined(result: Any) -> list[str]:
    return [
        it["properties"]["audience_key"] for it in result.transitions.get("c", []) if "audience_key" in it["properties"]
    ]


@both
def test_a_trait_that_the_policy_names_comes_before_all_others_of_a_customer(intake: Intake) -> None:
    many = {f"a{number:03}": number for number in range(64)}
    result = intake([identify(0, **many), identify(1, **VIP), identify(2, b=1), identify(3, a001=None)], POLICY)
    assert joined(result) == ["vip"]
    assert result.bounds == {"traits": 1}


@both
def test_tickets_beyond_those_that_are_held_are_told(intake: Intake) -> None:
    lines = [event("Support Ticket Created", "c", minute(each), f"m{each}", ticket_id=f"t{each}") for each in range(66)]
    again = event("Support Ticket Reopened", "c", minute(70), "again", ticket_id="t0")
    result = intake([*lines, again], POLICY)
    assert result.figure("c", "tickets_open") == 64
    assert result.figure("c", "tickets_opened_30d") == 66
    assert result.bounds == {"tickets": 2}


@both
def test_usual_events_meet_no_bound(intake: Intake) -> None:
    assert intake([identify(0, **VIP), event("page", "c", minute(1), "p")], POLICY).bounds == {}


@both
def test_a_trait_that_the_policy_names_comes_before_all_others_of_an_event(intake: Intake) -> None:
    many = {f"a{number:03}": number for number in range(300)}
    result = intake([identify(0, **many, **VIP)], POLICY)
    assert joined(result) == ["vip"]
    assert result.bounds == {"event_traits": 1, "traits": 1}


@both
def test_traits_around_an_event_are_bounded_like_those_of_an_identify(intake: Intake) -> None:
    many = {f"a{number:03}": number for number in range(257)}
    line = json.loads(event("page", "c", minute(0), "p"))
    result = intake([json.dumps({**line, "context": {"traits": {**many, **VIP}}}).encode()], POLICY)
    assert joined(result) == ["vip"]
    assert result.bounds == {"event_traits": 1, "traits": 1}


@both
def test_what_is_cut_of_an_order_is_told(intake: Intake) -> None:
    def order(number: int, categories: list[str]) -> bytes:
        products = [{"category": name} for name in categories]
        return event(
            "Order Completed", "c", minute(number), f"o{number}", order_id=f"o{number}", total=1, products=products
        )

    names = [f"c{number}" for number in range(33)]
    result = intake([order(0, names), order(1, names[:32]), order(2, ["x" * 257]), order(3, ["x" * 256])], POLICY)
    assert result.bounds == {"categories": 1, "texts": 1}
    assert result.rejects == []


@both
def test_a_text_that_is_cut_is_told(intake: Intake) -> None:
    assert intake([identify(0, a="x" * 256)], POLICY).bounds == {}
    assert intake([identify(0, a="x" * 257, b="y" * 300)], POLICY).bounds == {"texts": 1}


@both
def test_a_category_that_the_policy_names_is_kept_of_any_order(intake: Intake) -> None:
    policy = 'name = "x"\n[[segments]]\nkey = "tea"\nname = "Tea"\nenter = "\'Tea\' in categories"\n'
    lines = [{"category": f"c{number}"} for number in range(50)] + [{"category": "Tea"}]
    order = event("Order Completed", "c", minute(0), "o", order_id="o", total=1, products=lines)
    result = intake([order], policy)
    assert joined(result) == ["tea"]
    assert result.bounds == {"categories": 1}
