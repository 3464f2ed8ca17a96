"""Refunds of orders in another currency: in the order's own currency, and nothing is left of what was paid back."""

from itertools import permutations
from typing import Any

import pytest

from tests.cases.intake import Intake, both, event

POLICY = """
name = "eur"
[money]
currency = "USD"
[money.rates]
EUR = 1.08
JPY = 0.00613
KWD = 3.2571
GBP = 1.2345
"""


def order(total: Any, **more: Any) -> bytes:
    return event("Order Completed", "u", "2025-03-01T10:00:00Z", order_id="1", total=total, **more)


def refund(day: int, total: Any, **more: Any) -> bytes:
    return event("Order Refunded", "u", f"2025-03-{day:02}T10:00:00Z", order_id="1", total=total, **more)


@both
def test_a_refund_without_a_currency_is_in_that_of_its_order(intake: Intake) -> None:
    result = intake([order(100, currency="EUR"), refund(3, 100)], POLICY)
    assert (result.figure("u", "orders"), result.figure("u", "revenue")) == (0, 0)
    assert result.figure("u", "refunds_30d") == 108
    half = intake([order(100, currency="EUR"), refund(3, "50")], POLICY)
    assert (half.figure("u", "orders"), half.figure("u", "revenue")) == (1, 54)


@both
@pytest.mark.parametrize(
    ("currency", "total", "parts"),
    [
        ("EUR", 20.10, (10.05, 10.05)),
        ("EUR", 0.03, (0.01, 0.01, 0.01)),
        ("EUR", 100, (33.33, 33.33, 33.34)),
        ("JPY", 1000, (333, 333, 334)),
        ("JPY", 7, (1, 2, 4)),
        ("KWD", 1.234, (0.411, 0.411, 0.412)),
        ("GBP", "99.99", ("0.01", "99.97", "0.01")),
        ("EUR", 0.1 + 0.2, (0.1, 0.2)),
        (" eur ", 20.10, (10.05, 10.05)),
    ],
)
def test_parts_that_add_up_leave_nothing(intake: Intake, currency: str, total: Any, parts: tuple[Any, ...]) -> None:
    for turned in permutations(parts):
        for named in ({}, {"currency": currency}):
            refunds = [refund(2 + number, part, **named) for number, part in enumerate(turned)]
            result = intake([order(total, currency=currency), *refunds], POLICY)
            assert (result.figure("u", "orders"), result.figure("u", "revenue")) == (0, 0)
            paid = intake([order(total, currency=currency)], POLICY).figure("u", "revenue")
            assert result.figure("u", "refunds_30d") == paid
            almost = intake([order(total, currency=currency), *refunds[:-1]], POLICY)
            assert almost.figure("u", "orders") == 1


@both
def test_a_refund_in_another_currency_is_converted(intake: Intake) -> None:
    in_dollars = intake([order(100, currency="EUR"), refund(3, 54, currency="USD")], POLICY)
    assert in_dollars.figure("u", "revenue") == 54
    rest = intake([order(100, currency="EUR"), refund(3, 54, currency="USD"), refund(4, 50)], POLICY)
    assert (rest.figure("u", "orders"), rest.figure("u", "refunds_30d")) == (0, 108)
    of_dollars = intake([order(108), refund(3, 50, currency="EUR")], POLICY)
    assert of_dollars.figure("u", "revenue") == 54


@both
def test_no_more_is_given_back_than_is_left(intake: Intake) -> None:
    result = intake([order(100, currency="EUR"), refund(3, 30), refund(4, 300)], POLICY)
    assert (result.figure("u", "orders"), result.figure("u", "refunds_30d")) == (0, 108)


@both
def test_an_amount_without_a_currency_may_be_large_in_that_of_its_order(intake: Intake) -> None:
    lines = [order(160_000_000, currency="JPY"), refund(3, 150_000_000)]
    result = intake(lines, POLICY)
    assert result.rejects == []
    assert result.figure("u", "revenue") == 61_300
    assert intake([order(5), refund(3, 200_000_000)], POLICY).rejects == [(2, "bad_amount")]


@both
def test_a_foreign_order_refunded_by_its_products(intake: Intake) -> None:
    lines = [{"price": 10.05, "quantity": 2}]
    back = event("Order Refunded", "u", "2025-03-03T10:00:00Z", order_id="1", products=lines)
    whole = intake([order(20.10, currency="EUR"), back], POLICY)
    assert whole.figure("u", "orders") == 0
    part = intake([order(40.20, currency="EUR"), back], POLICY)
    assert part.figure("u", "revenue") == pytest.approx(21.71)


@both
def test_parts_paid_back_in_another_currency_leave_nothing(intake: Intake) -> None:
    dollars = [refund(day, 3.60, currency="USD") for day in (3, 4, 5)]
    assert intake([order(10, currency="EUR"), *dollars], POLICY).figure("u", "orders") == 0
    assert intake([order(10, currency="EUR"), *dollars[:2]], POLICY).figure("u", "revenue") == 3.60
    for parts in permutations((31.92, 12.90, 2.65)):
        euros = [refund(3 + number, part, currency="EUR") for number, part in enumerate(parts)]
        result = intake([order(51.27), *euros], POLICY)
        assert (result.figure("u", "orders"), result.figure("u", "revenue")) == (0, 0)
        assert result.figure("u", "refunds_30d") == 51.27
        again = intake([order(51.27), euros[0], order(51.27), *euros[1:]], POLICY)
        assert again.figure("u", "orders") == 0
        assert intake([order(51.27), *euros[:-1]], POLICY).figure("u", "orders") == 1


@both
def test_a_cent_that_no_rounding_explains_is_left(intake: Intake) -> None:
    assert intake([order(10), refund(3, 9.25, currency="EUR")], POLICY).figure("u", "revenue") == 0.01
    assert intake([order(10), refund(3, 9.26, currency="EUR")], POLICY).figure("u", "orders") == 0
    assert intake([order(10, currency="EUR"), refund(3, 9.99)], POLICY).figure("u", "orders") == 1
    assert intake([order(10, currency="EUR"), refund(3, 9.996)], POLICY).figure("u", "orders") == 0
