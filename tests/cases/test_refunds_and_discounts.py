"""Refunds in the shapes of several producers, and orders whose lines are returns and discounts."""

from typing import Any

import pytest

from tests.cases.intake import Intake, both, event

POUNDS = 'name = "uk"\n[time]\nzone = "Europe/London"\n[money]\ncurrency = "GBP"'
LINES = [{"product_id": "p", "price": 80, "quantity": 1}, {"product_id": "q", "price": 20, "quantity": 1}]


def order(**properties: Any) -> bytes:
    return event("Order Completed", "ann", "2025-03-01T10:00:00Z", "m1", order_id="1", **properties)


def refund(**properties: Any) -> bytes:
    return event("Order Refunded", "ann", "2025-03-05T10:00:00Z", "m2", order_id="1", **properties)


@both
@pytest.mark.parametrize(
    "given_back",
    [
        {"total": 20},
        {"total": "20.00"},
        {"total": -20},
        {"revenue": 20},
        {"value": "20"},
        {"value": -20},
        {"amount": 20},
        {"refund_amount": "20.00"},
        {"totalRefunded": 20},
        {"currency": "USD", "products": LINES[1:]},
        {"products": [{"price": "20.00", "quantity": -1}]},
        {"products": [{"price": -5, "quantity": 4}]},
        {"products": [{"price": 25}, {"price": -5}]},
        {"total": "", "revenue": None, "products": [{"price": "10", "quantity": "2"}]},
    ],
)
def test_a_part_is_given_back(intake: Intake, given_back: dict[str, Any]) -> None:
    result = intake([order(total=100, currency="USD", products=LINES), refund(**given_back)])
    assert result.rejects == []
    assert result.figure("ann", "revenue") == 80


@both
@pytest.mark.parametrize("given_back", [{}, {"total": None}, {"total": 250}, {"products": []}, {"reason": "broken"}])
def test_the_whole_order_is_given_back(intake: Intake, given_back: dict[str, Any]) -> None:
    result = intake([order(revenue=100), refund(**given_back)])
    assert (result.figure("ann", "orders"), result.figure("ann", "revenue")) == (0, 0)


@both
@pytest.mark.parametrize(
    ("given_back", "told"),
    [
        ({"total": "abc"}, 'properties.total is "abc": send a number'),
        ({"total": "abc", "revenue": 20}, 'properties.total is "abc": send a number'),
        ({"amount": {"amount": "20.00", "currency_code": "USD"}}, "properties.amount is {"),
        ({"products": [{"product_id": "q", "quantity": 1}]}, "properties.products[0] has no price either: send the"),
        ({"products": {"q": 1}}, 'properties.products is {"q": 1}: send the total, or a list'),
        ({"order_total": 100}, "properties.order_total is 100, and may be how much was given back: send that as total"),
    ],
)
def test_an_amount_that_cannot_be_read_takes_nothing_off(intake: Intake, given_back: dict[str, Any], told: str) -> None:
    result = intake([order(total=100), refund(**given_back)])
    assert result.rejects == [(2, "invalid")]
    assert told in result.details[2]
    assert result.figure("ann", "revenue") == 100


@both
def test_lines_add_up(intake: Intake) -> None:
    def lines(order_id: str, *pairs: tuple[Any, Any], **more: Any) -> bytes:
        products = [{"product_id": "p", "price": price, "quantity": quantity} for price, quantity in pairs]
        name = f"u{order_id}"
        return event(
            "Order Completed",
            name,
            "2011-01-18T10:01:00Z",
            order_id=order_id,
            currency="GBP",
            products=products,
            **more,
        )

    result = intake(
        [
            lines("1", (2.55, 6), (3.39, 6)),
            lines("2", (2.55, -6)),
            lines("3", (0.0, 56)),
            lines("4", (1.04, 74215)),
            lines("5", (50, 1), (-10, 1)),
            lines("6", (50, 1), (10, -1)),
            lines("7", (50, 1), (-10, -1), total=40),
            lines("8", ("50.00", "1"), ("-50.00", 1)),
            lines("9", (-11062.06, 1)),
        ],
        POUNDS,
    )
    assert result.rejects == [(2, "bad_amount"), (9, "bad_amount")]
    assert result.details[2] == "the products add up to -15.3: send what is given back as Order Refunded"
    figures = {name: (result.figure(name, "revenue"), result.figure(name, "items")) for name in result.profiles}
    assert figures == {
        "u1": (35.64, 12),
        "u3": (0, 56),
        "u4": (77183.6, 74215),
        "u5": (40, 1),
        "u6": (40, 1),
        "u7": (40, 1),
        "u8": (0, 1),
    }


PARTLY: list[dict[str, Any]] = [
    {"refund_line_items": [{"quantity": 1, "subtotal": "30.00"}], "transactions": [{"kind": "refund", "amount": "30"}]},
    {"line_items": [{"sku": "a"}]},
    {"items": [{"id": 1}]},
    {"refunds": [{"total": "-30.00"}]},
    {"quantity": 1},
    {"sum": 30},
    {"netAmount": "30,00"},
    {"partial": True},
    {"refund_type": "Partial"},
]
WHOLE: list[dict[str, Any]] = [
    {"refund_id": 5, "refund_reason": "5 days late", "refunded_at": "2025-01-02", "value_date": "2025-01-02"},
    {"price_list": "retail", "refund_status": "full", "refunded": True, "partial": False, "online": "5th avenue"},
    {"line_items": [], "refunds": {}, "quantity": None, "total": "", "item_id": 7},
]


@both
@pytest.mark.parametrize("properties", PARTLY)
def test_a_refund_of_a_part_is_never_one_of_everything(intake: Intake, properties: dict[str, Any]) -> None:
    result = intake([order(total=100), refund(**properties)])
    assert result.rejects == [(2, "invalid")]
    assert result.figure("ann", "revenue") == 100


@both
@pytest.mark.parametrize("properties", WHOLE)
def test_what_is_no_amount_does_not_cost_a_full_refund(intake: Intake, properties: dict[str, Any]) -> None:
    result = intake([order(total=100), refund(**properties)])
    assert result.rejects == []
    assert result.figure("ann", "orders") == 0


@both
@pytest.mark.parametrize("properties", [{"amount": 100, "amount_refunded": 30}, {"total": "100", "refundAmount": -30}])
def test_what_was_given_back_comes_before_what_the_order_was(intake: Intake, properties: dict[str, Any]) -> None:
    assert intake([order(total=100), refund(**properties)]).figure("ann", "revenue") == 70
