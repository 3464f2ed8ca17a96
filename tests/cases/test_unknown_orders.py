"""Refunds, cancellations and updates of orders that were never seen: applied, and counted by a name of their own."""

from typing import Any

import pytest

from tests.cases.intake import Intake, both, by_backtest, by_stream, event

CHANGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Order Cancelled", {}),
    ("Order Refunded", {"total": 5}),
    ("Order Refunded", {}),
)


def order(hour: int, order_id: str) -> bytes:
    return event("Order Completed", "u", f"2025-03-01T{hour:02}:00:00Z", f"o{hour}", order_id=order_id, total=40)


def change(name: str, hour: int, order_id: str, **more: Any) -> bytes:
    return event(name, "u", f"2025-03-01T{hour:02}:00:00Z", f"c{hour}", order_id=order_id, **more)


@both
@pytest.mark.parametrize(("name", "more"), [*CHANGES, ("Order Updated", {"total": 30})])
def test_a_change_of_an_order_never_seen_is_told(intake: Intake, name: str, more: dict[str, Any]) -> None:
    result = intake([order(8, "#1002"), change(name, 9, "1002", **more)])
    assert (result.unknown_orders, result.rejects, result.bounds) == (1, [], {})
    assert result.figure("u", "orders") == 1
    assert intake([order(8, "#1002"), change(name, 9, "#1002", **more)]).unknown_orders == 0


@both
def test_an_undone_order_is_known(intake: Intake) -> None:
    twice = [order(8, "1"), change("Order Cancelled", 9, "1"), change("Order Refunded", 10, "1", total=40)]
    assert intake(twice).unknown_orders == 0


@both
def test_a_change_before_its_order_is_told(intake: Intake) -> None:
    assert intake([change("Order Cancelled", 7, "1"), order(8, "1")]).unknown_orders == 1


def test_an_order_that_arrives_later_is_known_to_a_backtest_only() -> None:
    lines = [change("Order Cancelled", 9, "1"), order(8, "1")]
    assert by_backtest(lines).unknown_orders == 0
    stream = by_stream(lines)
    assert (stream.unknown_orders, stream.figure("u", "orders")) == (1, 0)
