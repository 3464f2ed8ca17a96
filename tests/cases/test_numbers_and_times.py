"""Ids, amounts and times of all sorts, as shops and writers of logs send them."""

import json
from typing import Any

import pytest

from tests.cases.intake import Intake, both

AT = "2025-03-01T10:00:00Z"
AN_HOUR = "2025-03-01T10:00:00.000Z"


def order(user: Any, timestamp: Any = AT, **properties: Any) -> bytes:
    event = {"type": "track", "event": "Order Completed", "userId": user, "timestamp": timestamp}
    return json.dumps({**event, "properties": {"order_id": "1", **properties}}).encode()


@both
def test_numbers_are_ids(intake: Intake) -> None:
    cancelled = json.loads(order(1002, "2025-03-02T10:00:00Z", order_id=450789469))
    result = intake(
        [
            order("1001", total=50),
            order(1002, total=50, order_id="450789469"),
            order("1002", "2025-03-01T11:00:00Z", total=50, order_id=450789470),
            json.dumps({**cancelled, "event": "Order Cancelled"}).encode(),
            order("1004", total=50, order_id=None, orderId="A-4"),
            order("1005", total=50, order_id=None, checkout_id="ck1"),
            order(1006.5, total=50),
            order(True, total=50),
        ]
    )
    assert {user: result.figure(user, "orders") for user in result.profiles} == {"1001": 1, "1002": 1, "1004": 1}
    assert result.rejects == [(6, "invalid"), (7, "invalid"), (8, "invalid")]
    assert result.details[6] == "properties.order_id is missing: send the id of the order"


@both
def test_the_same_message_id_as_a_number_and_as_a_text(intake: Intake) -> None:
    first, again = (json.loads(order("ann", total=5)) | {"messageId": it} for it in (77, "77"))
    result = intake([json.dumps(it).encode() for it in (first, again)])
    assert (result.duplicates, result.figure("ann", "orders")) == (1, 1)


@both
@pytest.mark.parametrize(
    ("properties", "revenue"),
    [
        ({"total": "409.94", "currency": "USD"}, 409.94),
        ({"total": "", "revenue": 25.5, "currency": "USD"}, 25.5),
        ({"total": 20, "products": [{"product_id": "p", "price": "10.00", "quantity": "2"}]}, 20),
        ({"total": 20, "products": None}, 20),
        ({"total": 20, "products": []}, 20),
        ({"total": 20, "products": [{"category": ["Shoes", "Men"], "price": 20, "quantity": 1}]}, 20),
        ({"total": 20, "products": {"0": {"price": 20}}}, 20),
        ({"total": 20, "products": [{"price": 20, "quantity": None}]}, 20),
        ({"total": 20, "products": [{"price": 20, "quantity": -1}, {"price": 40, "quantity": 1}]}, 20),
        ({"total": 20, "products": "see invoice", "revenue": ["?"], "coupon": {}}, 20),
        ({"total": 20, "currency": "usd"}, 20),
        ({"total": 20, "currency": ""}, 20),
        ({"total": " +20. "}, 20),
        ({"total": 1e3}, 1000),
        ({"total": -0.0}, 0),
        ({"total": 0}, 0),
        ({"total": 19.999}, 20),
        ({"total": 0.005}, 0),
        ({"total": 0.015}, 0.02),
        ({"total": 1000000}, 1000000),
        ({"products": [{"price": "1.50", "quantity": 2.0}]}, 3),
    ],
)
def test_amounts(intake: Intake, properties: dict[str, Any], revenue: float) -> None:
    result = intake([order("ann", **properties)])
    assert result.rejects == []
    assert result.figure("ann", "revenue") == revenue


@both
@pytest.mark.parametrize(
    ("properties", "reason", "told"),
    [
        ({"total": "1.234,56"}, "invalid", 'properties.total is "1.234,56": send a number, or a plain decimal text'),
        ({"total": "$20"}, "invalid", 'properties.total is "$20": send a number'),
        ({"total": True}, "invalid", "properties.total is true: send a number"),
        ({"total": [20]}, "invalid", "properties.total is [20]: send a number"),
        ({"total": {"amount": 20}}, "invalid", 'properties.total is {"amount": 20}: send a number'),
        ({"total": float("nan")}, "invalid", 'properties.total is "NaN": send a number'),
        ({"total": 999999999999999999999999}, "bad_amount", "total 1e+24 is over the policy's most_per_order"),
        ({"total": 1000000.01}, "bad_amount", "total 1000000.01 is over the policy's most_per_order"),
        ({"total": -20}, "bad_amount", "total is -20.0: send refunds as Order Refunded"),
    ],
)
def test_what_is_no_amount_is_told(intake: Intake, properties: dict[str, Any], reason: str, told: str) -> None:
    result = intake([order("ann", **properties)])
    assert result.rejects == [(1, reason)]
    assert result.details[1].startswith(told)


@both
def test_an_amount_beyond_a_double(intake: Intake) -> None:
    result = intake([order("ann", total=7).replace(b"7", b"1e400")])
    assert result.rejects == [(1, "bad_amount")]


@both
@pytest.mark.parametrize(
    ("timestamp", "instant"),
    [
        ("2025-03-01T10:00:00+0000", AN_HOUR),
        ("2025-03-01 10:00:00+00:00", AN_HOUR),
        ("2025-03-01 10:00:00.000 UTC", AN_HOUR),
        (1740823200000, AN_HOUR),
        (1740823200, AN_HOUR),
        ("1740823200000", AN_HOUR),
        (1740823200.25, "2025-03-01T10:00:00.250Z"),
        ("2025-03-01T10:00:60Z", "2025-03-01T10:01:00.000Z"),
        ("2024-02-29T24:00:00Z", "2024-03-01T00:00:00.000Z"),
        ("2025-03-01t10:00:00z", AN_HOUR),
        ("2025-03-01T10:00Z", AN_HOUR),
        ("2025-03-01T10:00:00+05", "2025-03-01T05:00:00.000Z"),
        ("2025-03-01T10:00:00-00:00", AN_HOUR),
        ("2025-03-01T10:00:00.000+14:00", "2025-02-28T20:00:00.000Z"),
        ("2025-03-01T10:00:00.123456789Z", "2025-03-01T10:00:00.123Z"),
    ],
)
def test_times(intake: Intake, timestamp: Any, instant: str) -> None:
    result = intake([order("ann", timestamp, total=20)])
    assert result.rejects == []
    assert result.stages("ann") == [("acquired", instant)]


@both
@pytest.mark.parametrize(
    ("timestamp", "reason", "told"),
    [
        ("2025-03-01T10:00:00", "bad_timestamp", "timestamp names no time zone: add Z or an offset like +01:00"),
        ("2025-03-01", "bad_timestamp", "timestamp is 2025-03-01, which names no time of the day"),
        ("2025-03-01T10:00:00+24:00", "bad_timestamp", "timestamp is 2025-03-01T10:00:00+24:00, which no clock shows"),
        ("01.03.2025 10:00", "bad_timestamp", "timestamp is 01.03.2025 10:00: send an RFC 3339 text"),
        (20250301, "bad_timestamp", "timestamp is 20250301, which is no epoch time"),
        ("", "missing_timestamp", "timestamp is missing: send when the event happened"),
        (None, "missing_timestamp", "timestamp is missing"),
    ],
)
def test_a_time_that_is_not_clear_is_told(intake: Intake, timestamp: Any, reason: str, told: str) -> None:
    result = intake([order("ann", timestamp, total=20)])
    assert result.rejects == [(1, reason)]
    assert result.details[1].startswith(told)


@both
def test_the_four_times_of_segment(intake: Intake) -> None:
    def sent(**times: str) -> bytes:
        return json.dumps({**json.loads(order("ann", None, total=20)), **times}).encode()

    for times, instant in (
        ({"originalTimestamp": "2025-03-01T10:00:00Z", "sentAt": "2025-03-01T10:00:05Z"}, AN_HOUR),
        (
            {
                "originalTimestamp": "2025-03-01T12:00:00Z",
                "sentAt": "2025-03-01T12:00:05Z",
                "receivedAt": "2025-03-01T10:00:05Z",
            },
            AN_HOUR,
        ),
        ({"original_timestamp": "2025-03-01T10:00:00Z"}, AN_HOUR),
    ):
        assert intake([sent(**times)]).stages("ann") == [("acquired", instant)]
