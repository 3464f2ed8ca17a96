"""Orders undone long after, sent again, and updated: nothing is applied to nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.batch import Record
from schemas.instant import from_datetime
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.rules.rulebook import Rulebook
from tests.cases.intake import DEFAULT_POLICY, Intake, both, by_backtest, event
from tests.topology.driver import Driver

START = datetime(2024, 1, 1, 8, tzinfo=UTC)


def at(days: float) -> str:
    return (START + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def ms(days: float) -> int:
    return from_datetime(START + timedelta(days=days))


def order(days: float, order_id: str, total: float = 100, **more: Any) -> bytes:
    return event("Order Completed", "u", at(days), order_id=order_id, total=total, **more)


def refund(days: float, order_id: str, **more: Any) -> bytes:
    return event("Order Refunded", "u", at(days), order_id=order_id, **more)


def cancel(days: float, order_id: str) -> bytes:
    return event("Order Cancelled", "u", at(days), order_id=order_id)


def update(days: float, order_id: str, total: float) -> bytes:
    return event("Order Updated", "u", at(days), order_id=order_id, total=total)


@both
def test_an_order_is_refunded_after_more_than_a_year(intake: Intake) -> None:
    result = intake([order(0, "1"), order(152, "2", 50), refund(375, "1")])
    assert (result.figure("u", "orders"), result.figure("u", "revenue")) == (1, 50)
    assert result.figure("u", "refunds_30d") == 100
    assert result.rejects == []


@both
@pytest.mark.parametrize("undo", [refund(400, "1"), refund(400, "1", total=5), cancel(400, "1"), update(400, "1", 7)])
def test_what_can_no_longer_be_undone_is_told(intake: Intake, undo: bytes) -> None:
    result = intake([order(0, "1"), order(300, "2"), undo])
    assert result.rejects == [(3, "forgotten")]
    assert "400 days" in result.details[3] and "undo_days" in result.details[3]
    assert (result.figure("u", "orders"), result.figure("u", "revenue")) == (2, 200)
    assert result.figure("u", "refunds_30d") == 0
    assert result.duplicates == 0


def test_a_batch_of_years_refuses_what_is_forgotten_in_it() -> None:
    lines = [order(0, "1"), order(300, "2"), cancel(400, "1"), cancel(401, "2"), order(402, "2"), refund(402, "x")]
    group = Driver(Rulebook(read_policy(DEFAULT_POLICY, catalogue)))
    records = [
        Record("customer.purchases", number, ms(days), b"u", line)
        for number, (days, line) in enumerate(zip((0, 300, 400, 401, 402, 402), lines, strict=True))
    ]
    group.feed(records, ms(402))
    assert [(it["offset"], it["reason"]) for it in group.rejects] == [(2, "forgotten"), (5, "forgotten")]
    assert (group.counts["in"], group.counts["applied"]) == (6, 4)
    timeline = group.tracker.timeline(b"u")
    assert timeline is not None and timeline.head.purchases.count() == 1


@both
def test_the_policy_says_how_long(intake: Intake) -> None:
    lines = [order(0, "1"), order(300, "2"), cancel(400, "1")]
    assert intake(lines, 'name = "long"\n[orders]\nundo_days = 401').figure("u", "orders") == 1
    short = intake(lines, 'name = "short"\n[orders]\nundo_days = 30')
    assert short.rejects == [(3, "forgotten")]
    assert short.figure("u", "orders") == 2


@both
def test_an_order_that_was_never_seen_is_no_forgotten_one(intake: Intake) -> None:
    result = intake([order(0, "1"), refund(1, "x", total=5), cancel(2, "y"), update(3, "z", 7)])
    assert result.rejects == []
    assert (result.figure("u", "orders"), result.figure("u", "refunds_30d")) == (1, 5)


@both
def test_a_wholesale_customer_undoes_old_orders(intake: Intake) -> None:
    made = [order(0.1 * number, str(number)) for number in range(400)]
    undone = [refund(41, "6"), refund(41.01, "7", total=100), cancel(41.02, "399"), refund(41.03, "8", total=40)]
    result = intake([*made, *undone], until=ms(42))
    assert result.rejects == []
    assert (result.figure("u", "orders"), result.figure("u", "revenue")) == (397, 39_660)
    assert (result.figure("u", "orders_365d"), result.figure("u", "revenue_365d")) == (397, 39_660)
    assert result.figure("u", "orders_7d") == 42
    assert result.figure("u", "refunds_7d") == 240


def test_ten_thousand_orders_of_one_customer_are_remembered() -> None:
    made = [order(number / 60, f"w{number}", 1) for number in range(10_001)]
    known, gone = cancel(170, "w1"), cancel(170, "w0")
    result = by_backtest([*made, known, gone])
    assert result.rejects == [(10_003, "forgotten")]
    assert "10,000" in result.details[10_003]
    assert (result.figure("u", "orders"), result.figure("u", "revenue_365d")) == (10_000, 10_000)


@both
@pytest.mark.parametrize("undo", [cancel(1, "1"), refund(1, "1"), refund(1, "1", total=100)])
def test_an_order_that_was_undone_stays_undone_when_it_is_sent_again(intake: Intake, undo: bytes) -> None:
    again = order(2, "1")
    result = intake([order(0, "1"), undo, again, update(3, "1", 70)])
    assert (result.figure("u", "orders"), result.figure("u", "revenue")) == (0, 0)
    for word in (True, "true", " TRUE "):
        anew = intake([order(0, "1"), undo, order(2, "1", 80, reinstated=word)])
        assert (anew.figure("u", "orders"), anew.figure("u", "revenue")) == (1, 80)
        assert anew.stages("u")[-1] == ("acquired", "2024-01-03T08:00:00.000Z")
    others: tuple[Any, ...] = (False, "false", None, "no", 1, [])
    for other in others:
        assert intake([order(0, "1"), undo, order(2, "1", reinstated=other)]).figure("u", "orders") == 0


@both
def test_the_total_of_an_update_is_what_the_order_is_worth(intake: Intake) -> None:
    lines = [order(0, "1"), refund(2, "1", total=30), update(2.1, "1", 70)]
    assert intake(lines).figure("u", "revenue") == 70
    later = intake([*lines, refund(5, "1", total=20)])
    assert (later.figure("u", "revenue"), later.figure("u", "refunds_30d")) == (50, 50)
    assert intake([*lines, refund(5, "1", total=70)]).figure("u", "orders") == 0
    assert intake([*lines, order(6, "1", 70)]).figure("u", "revenue") == 70


@both
def test_an_order_sent_again_keeps_its_refunds(intake: Intake) -> None:
    lines = [order(0, "1"), refund(2, "1", total=30), order(3, "1")]
    result = intake(lines)
    assert (result.figure("u", "orders"), result.figure("u", "revenue")) == (1, 70)
    assert intake([*lines[:2], order(3, "1", 70)]).figure("u", "revenue") == 70


@both
def test_a_renewal_needs_an_order_id_of_its_own(intake: Intake) -> None:
    same = intake([order(30 * month, "sub-77", 15) for month in range(3)])
    assert (same.figure("u", "orders"), same.figure("u", "revenue")) == (1, 15)
    own = intake([order(30 * month, f"sub-77-{month}", 15) for month in range(3)])
    assert (own.figure("u", "orders"), own.figure("u", "revenue")) == (3, 45)
