"""Coupons and discounts that an order names."""

from typing import Any

import pytest

from tests.cases.intake import Intake, both, event


def order(day: int, order_id: str, name: str = "Order Completed", **more: Any) -> bytes:
    return event(name, "u", f"2025-03-{day:02}T10:00:00Z", order_id=order_id, total=30, **more)


@both
def test_orders_with_a_coupon_are_counted(intake: Intake) -> None:
    lines = [order(day, str(day), discount=5, coupon="SPRING5") for day in (1, 8, 15, 22)]
    result = intake([*lines, order(23, "plain")])
    assert (result.figure("u", "orders_with_coupon_90d"), result.figure("u", "orders_with_coupon_7d")) == (4, 1)
    assert result.figure("u", "coupons_90d") == 4
    assert result.figure("u", "discount_90d") == 20
    assert result.figure("u", "discount_share_90d") == round(20 / 170, 4)


@both
def test_a_coupon_that_is_told_twice_counts_once(intake: Intake) -> None:
    applied = event("Coupon Applied", "u", "2025-03-01T09:59:00Z", order_id="1", coupon_id="SPRING5")
    result = intake([applied, order(1, "1", coupon="SPRING5")])
    assert (result.figure("u", "coupons_30d"), result.figure("u", "orders_with_coupon_30d")) == (1, 1)


@both
@pytest.mark.parametrize(
    ("coupon", "counts"),
    [
        ("SPRING5", True),
        (["A", "B"], True),
        ([{"code": "A", "amount": "5.00"}], True),
        ({"code": "A"}, True),
        (12345, True),
        (True, True),
        ("", False),
        (" ", False),
        ([], False),
        ([""], False),
        ({}, False),
        (None, False),
        (False, False),
        (0, False),
    ],
)
def test_what_names_a_coupon(intake: Intake, coupon: Any, counts: bool) -> None:
    result = intake([order(1, "1", coupon=coupon)])
    assert result.rejects == []
    assert result.figure("u", "orders_with_coupon_30d") == counts


@both
@pytest.mark.parametrize(
    ("discount", "amount"),
    [(5, 5), ("5.50", 5.5), (-5, 5), ("-5", 5), (0, 0), ("", 0), (None, 0), ("5 %", 0), ([5], 0), (1e9, 0)],
)
def test_what_a_discount_is(intake: Intake, discount: Any, amount: float) -> None:
    result = intake([order(1, "1", discount=discount)])
    assert result.rejects == []
    assert result.figure("u", "discount_30d") == amount


@both
def test_a_discount_is_in_the_currency_of_its_order(intake: Intake) -> None:
    policy = 'name = "eur"\n[money.rates]\nEUR = 1.08'
    result = intake([order(1, "1", discount=10, currency="eur")], policy)
    assert result.figure("u", "discount_30d") == 10.8


@both
def test_undone_and_updated_orders_take_their_coupons_with_them(intake: Intake) -> None:
    lines = [order(1, "1", coupon="A", discount=5), order(2, "2", coupon="A", discount=7)]
    cancelled = intake([*lines, event("Order Cancelled", "u", "2025-03-03T10:00:00Z", order_id="1")])
    assert (cancelled.figure("u", "orders_with_coupon_30d"), cancelled.figure("u", "discount_30d")) == (1, 7)
    updated = intake([*lines, order(3, "2", "Order Updated", discount=1)])
    assert (updated.figure("u", "orders_with_coupon_30d"), updated.figure("u", "discount_30d")) == (1, 6)
    nothing = intake([event("Order Completed", "u", "2025-03-01T10:00:00Z", order_id="1", total=0)])
    assert nothing.figure("u", "discount_share_30d") is None
