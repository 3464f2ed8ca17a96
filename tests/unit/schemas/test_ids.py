"""Ids that come as JSON numbers, or under the other spelling of their field, are the same ids."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode, user_of
from schemas.events import AnyFact, Browsed, OrderCancelled, OrderCompleted, OrderRefunded, TicketOpened, TicketRated
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError

INTAKE = Intake(Exchange("USD", 1_000_000.0, {}))
AT = 1740823200000
Event = dict[str, Any]


def page(**fields: Any) -> Event:
    return {"type": "page", "messageId": "m", "userId": "1002", "timestamp": "2025-03-01T10:00:00Z", **fields}


def track(name: str, **properties: Any) -> Event:
    return page(type="track", event=name, properties=properties)


def fact(event: Event, key: bytes = b"1002") -> AnyFact | None:
    value = json.dumps(event).encode()
    assert user_of(value) == key.decode()
    return decode(value, key, INTAKE).fact


def detail(event: Event) -> str:
    with pytest.raises(RejectedError) as refused:
        decode(json.dumps(event).encode(), b"1002", INTAKE)
    return str(refused.value)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (page(userId=1002), Browsed(AT, "m", "page")),
        (page(userId=1002, messageId=7), Browsed(AT, "7", "page")),
        (page(userId=None, user_id="1002"), Browsed(AT, "m", "page")),
        (page(userId="", user_id=1002), Browsed(AT, "m", "page")),
        (page(user_id="another"), Browsed(AT, "m", "page")),
        (page(messageId=None, message_id="twin"), Browsed(AT, "twin", "page")),
        (track("Order Completed", order_id=450789469, total=50), OrderCompleted(AT, "m", "450789469", 5000, 0, ())),
        (track("Order Completed", orderId="A-4", total=50), OrderCompleted(AT, "m", "A-4", 5000, 0, ())),
        (track("Order Refunded", order_id=5, total=1), OrderRefunded(AT, "m", "5", 100)),
        (track("Order Cancelled", order_id=5), OrderCancelled(AT, "m", "5")),
        (
            track("Order Cancelled", order_id=12345678901234567890123),
            OrderCancelled(AT, "m", "12345678901234567890123"),
        ),
        (track("Order Cancelled", order_id=-5), OrderCancelled(AT, "m", "-5")),
        (track("Support Ticket Created", ticket_id=5), TicketOpened(AT, "m", "5", "Support Ticket Created")),
        (track("Support Ticket Created", ticketId="t"), TicketOpened(AT, "m", "t", "Support Ticket Created")),
        (track("Support Ticket Rated", ticket_id=12345, rating=1), TicketRated(AT, "m", "12345", 1)),
        (
            track("Live Chat Conversation Started", ticket_id="", conversation_id=9),
            TicketOpened(AT, "m", "9", "Live Chat Conversation Started"),
        ),
    ],
)
def test_an_id_is_read_as_its_text(event: Event, expected: AnyFact) -> None:
    assert fact(event) == expected


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (page(userId=1002.0), "invalid: userId is 1002.0: send an id as a text, or as a whole number without a point"),
        (page(userId=True), "invalid: userId is true: send an id"),
        (page(userId=["1002"]), 'invalid: userId is ["1002"]: send an id'),
        (page(messageId={}), "invalid: messageId is {}: send an id"),
        (page(userId=None, user_id=""), "missing_user: userId is missing or empty: send the id of the customer"),
        (page(userId=int("1" * 257)), "invalid: userId must have 1 to 256 characters, not 257"),
        (track("Order Cancelled", order_id=1e3), "invalid: properties.order_id is 1000.0: send an id"),
        (track("Order Cancelled"), "invalid: properties.order_id is missing: send the id of the order"),
        (track("Order Cancelled", order_id=""), "invalid: properties.order_id is missing"),
        (track("Support Ticket Solved", ticket_id=False), "invalid: properties.ticket_id is false: send an id"),
        (track("Support Ticket Solved"), "invalid: properties.ticket_id is missing"),
        (page(type="track", event="Order Cancelled", properties=[1]), "invalid: properties is [1]: send a JSON object"),
        (page(type=5), "invalid: type is 5: send a text"),
    ],
)
def test_an_id_that_could_be_two_is_told(event: Event, told: str) -> None:
    assert detail(event).startswith(told)


def test_a_zero_with_a_sign_is_no_id() -> None:
    value = json.dumps(page()).replace('"1002"', "-0").encode()
    with pytest.raises(RejectedError, match="userId is -0"):
        decode(value, b"0", INTAKE)
    assert user_of(value) is None


def test_the_key_is_the_text_of_the_id() -> None:
    value = json.dumps(page(userId=1002)).encode()
    assert decode(value, b"1002", INTAKE).user_id == "1002"
    with pytest.raises(RejectedError, match="key_mismatch"):
        decode(value, b'"1002"', INTAKE)


identities = st.none() | st.text(max_size=3) | st.integers() | st.floats(allow_nan=False) | st.booleans()


@given(st.dictionaries(st.sampled_from(["userId", "user_id", "messageId", "specversion"]), identities), st.booleans())
def test_the_backtest_deals_an_event_to_the_customer_who_owns_it(fields: Event, wrapped: bool) -> None:
    event = {"type": "page", "timestamp": "2025-03-01T10:00:00Z", **fields}
    value = json.dumps({"specversion": "1.0", "data": event} if wrapped else event).encode()
    try:
        user_id = decode(value, (user_of(value) or "").encode(), INTAKE).user_id
    except RejectedError as refused:
        assert refused.reason != "key_mismatch"
    else:
        assert user_of(value) == user_id
