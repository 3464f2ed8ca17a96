"""The same messageId again: what is one event, what is another, and what is told."""

from itertools import permutations
from typing import Any

import pytest

from tests.cases.intake import Intake, both, by_backtest, event


def at(hours: int, minutes: int = 0) -> str:
    return f"2025-03-01T{hours:02}:{minutes:02}:00Z"


def coupon(message_id: str, timestamp: str) -> bytes:
    return event("Coupon Applied", "c", timestamp, message_id, coupon_id="A")


@both
def test_an_order_number_as_the_id_of_several_events(intake: Intake) -> None:
    lines = [
        event("Order Completed", "c", at(10), "1001", order_id="1001", total=100),
        event("Order Updated", "c", at(10, 5), "1001", order_id="1001", total=80),
        event("Order Refunded", "c", at(10, 10), "1001", order_id="1001", total=30),
        event("Order Completed", "c", at(10, 20), "1001", order_id="1002", total=7),
    ]
    result = intake(lines)
    assert (result.rejects, result.duplicates) == ([], 0)
    assert result.figure("c", "revenue") == 57.0


@both
def test_one_id_for_all_tickets(intake: Intake) -> None:
    names = ("Support Ticket Created", "Support Ticket Rated", "Support Ticket Solved")
    lines = [
        event(name, "c", at(10, minute), "undefined", ticket_id=ticket, **({"rating": 1} if "Rated" in name else {}))
        for minute, name in enumerate(names)
        for ticket in ("1", "2")
    ]
    result = intake(lines)
    assert (result.rejects, result.duplicates) == ([], 0)
    assert (result.figure("c", "tickets_open"), result.figure("c", "tickets_solved_7d")) == (0, 2)
    assert result.figure("c", "ratings_7d") == 2


@both
@pytest.mark.parametrize(("minutes", "coupons"), [(0, 1), (1, 1), (60, 1), (61, 2), (90, 2)])
def test_a_corrected_timestamp_is_the_same_event_within_the_lateness(
    intake: Intake, minutes: int, coupons: int
) -> None:
    result = intake([coupon("seg-1", at(10)), coupon("seg-1", at(10 + minutes // 60, minutes % 60))])
    assert result.rejects == []
    assert result.figure("c", "coupons_30d") == coupons
    assert result.duplicates == 2 - coupons


@both
def test_an_earlier_timestamp_that_arrives_later_counts(intake: Intake) -> None:
    lines = [
        event("Order Completed", "c", at(10, 30), "m", order_id="1", total=5),
        event("Order Completed", "c", at(10), "m", order_id="1", total=5),
    ]
    result = intake(lines)
    assert (result.rejects, result.duplicates) == ([], 1)
    assert result.stages("c") == [("acquired", "2025-03-01T10:00:00.000Z")]


@both
def test_two_records_of_one_event_that_differ_are_told(intake: Intake) -> None:
    lines = [
        event("Order Completed", "c", at(10), "m", order_id="1", total=5),
        event("Order Completed", "c", at(10, 1), "m", order_id="1", total=6, products=[{"category": "Tea"}]),
        event("Order Completed", "c", at(10, 2), "m", order_id="1", total=5),
    ]
    result = intake(lines)
    assert result.rejects == [(2, "conflict")]
    assert result.details[2] == (
        "another Order Completed with this messageId, of 2025-03-01T10:00:00.000Z,"
        " differs in total, items and categories: that one is the first and counts;"
        " send each event under a messageId of its own"
    )
    assert result.duplicates == 1
    assert result.figure("c", "revenue") == 5.0


@both
def test_traits_that_differ_in_kind_alone_are_told(intake: Intake) -> None:
    def identify(vip: Any) -> bytes:
        return event("identify", "c", at(10), "m").replace(b'"properties": {}', b'"traits": {"vip": %s}' % vip)

    result = intake([identify(b"true"), identify(b"1")])
    [(_, detail)] = result.details.items()
    assert "differs in traits:" in detail


@both
@pytest.mark.parametrize("totals", [(1, 2, 3), (1, 1, 2), (2, 1, 1)])
def test_whatever_comes_first_the_same_counts(intake: Intake, totals: tuple[int, ...]) -> None:
    lines = [
        event("Order Completed", "c", at(10, minute), "m", order_id="1", total=total)
        for minute, total in enumerate(totals)
    ]
    for order in permutations(lines):
        result = intake(order)
        assert result.figure("c", "revenue") == totals[0]
        assert result.stages("c") == [("acquired", "2025-03-01T10:00:00.000Z")]
        assert len(result.rejects) == len(set(totals)) - 1
        assert result.duplicates == len(totals) - len(set(totals))


@both
def test_a_record_is_known_for_as_long_as_another_may_come(intake: Intake) -> None:
    between = [coupon(f"other-{minute}", at(11, minute)) for minute in range(40)]
    lines = [coupon("m", at(10)), *between, coupon("last", at(11, 50)), coupon("m", at(10, 55))]
    result = intake(lines)
    assert (result.rejects, result.duplicates) == ([], 1)


@both
def test_three_orders_of_one_instant_and_id_leave_transitions_of_their_own(intake: Intake) -> None:
    policy = 'name = "x"\n[[segments]]\nkey = "k"\nname = "K"\nenter = "average_order_value > 5"\n'
    policy += "[lifecycle]\noccasion_days = 0\n"
    lines = [
        event("Order Completed", "c", at(10), "m", order_id=order_id, total=total)
        for order_id, total in (("a", 9), ("b", 0), ("c", 90))
    ]
    found = [it["messageId"] for it in intake(lines, policy).transitions["c"]]
    assert len(set(found)) == len(found) == 5


def test_a_conflict_in_a_list_of_events_has_the_line_of_the_list() -> None:
    one, other = (event("Order Completed", "c", at(10), "m", order_id="1", total=total) for total in (5, 6))
    result = by_backtest([coupon("n", at(9)), b"[" + one + b"," + other + b"," + one + b"]"])
    assert result.rejects == [(2, "conflict")]
    assert result.duplicates == 1
