"""An event is found in what others wrap it in; what is no single event is called by its name."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode, events_in, user_of
from schemas.events import Browsed, OrderCompleted
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError

INTAKE = Intake(Exchange("USD", 1_000_000.0, {}))
AT = 1740823200000
ORDER = {
    "type": "track",
    "event": "Order Completed",
    "messageId": "m",
    "userId": "u",
    "timestamp": "2025-03-01T10:00:00Z",
    "properties": {"order_id": "1", "total": 20},
}
CLOUD = {"specversion": "1.0", "type": "com.shop.order", "source": "/shop", "id": "g4"}
AS_TEXT = json.dumps(ORDER)
IN_BASE64 = b64encode(AS_TEXT.encode()).decode()
CHANGE = {"before": None, "after": {"id": 7}, "op": "c", "ts_ms": 1740823200000}


@pytest.mark.parametrize(
    "value",
    [
        ORDER,
        {**CLOUD, "data": ORDER},
        {**CLOUD, "data": AS_TEXT},
        {**CLOUD, "data_base64": IN_BASE64},
        {**CLOUD, "data": None, "data_base64": IN_BASE64},
        {**CLOUD, "specversion": 1.0, "data": ORDER},
        {**CLOUD, "userId": "another", "data": {**ORDER, "user_id": "not read"}},
        {**CLOUD, "messageId": [], "data": ORDER},
        {**ORDER, "specversion": None, "data": "of its own"},
        {"schema": {"type": "struct"}, "payload": ORDER},
        {"schema": None, "payload": AS_TEXT},
        {"schema": {"type": "string"}, "payload": json.dumps({**CLOUD, "data": AS_TEXT})},
        {**ORDER, "schema": 1, "payload": {"userId": "another"}},
        {**ORDER, "batch": [], "op": "c", "after": {}},
        AS_TEXT,
        {**CLOUD, "data": {**CLOUD, "data": {**CLOUD, "data": {**CLOUD, "data": ORDER}}}},
    ],
)
@pytest.mark.parametrize("frame", [b"", b"\x00\x00\x00\x00\x07"])
def test_the_event_is_found(value: Any, frame: bytes) -> None:
    content = frame + json.dumps(value).encode()
    assert decode(content, b"u", INTAKE).fact == OrderCompleted(AT, "m", "1", 2000, 0, ())
    assert user_of(content) == "u"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"batch": []}, "invalid: the value is a list without any event: send an event"),
        ([], "invalid: the value is a list without any event: send an event"),
        ([1] * 2501, "too_large: the value is a list of 2501 events; the most is 2500"),
        ({"batch": [ORDER]}, "invalid: the value is a list of events in a list of events: send one list"),
        (CHANGE, "missing_user: the value is a Debezium change, which is a row and no event: map it to an event first"),
        (
            {"schema": {}, "payload": {**CHANGE, "op": "d", "before": {}}},
            "missing_user: the value is a Debezium change",
        ),
        ({"schema": {}, "payload": None}, "missing_user: the Kafka Connect payload is null: put the event into it"),
        ({"schema": {}, "payload": [ORDER]}, "invalid: the value is a list of events in a list of events"),
        (CLOUD, "missing_user: the CloudEvent has no data: put the event into its data"),
        ({**CLOUD, "data": 5}, "invalid: the value is 5: send a JSON object"),
        ({**CLOUD, "data": ""}, 'invalid: the value is the text "", which holds no JSON: send a JSON object'),
        ({**CLOUD, "data": "a,b"}, 'invalid: the value is the text "a,b", which holds no JSON'),
        ({**CLOUD, "data_base64": "?"}, "invalid: data_base64 of the CloudEvent is not base64: send the event as data"),
        ({**CLOUD, "data_base64": "é"}, "invalid: data_base64 of the CloudEvent is not base64"),
        ({**CLOUD, "data_base64": b64encode(b"\xff").decode()}, "not_json: "),
        ({**CLOUD, "data": {"type": "track"}}, "missing_user: userId is missing or empty"),
        ({"type": "page", "anonymousId": "an1"}, "missing_user: userId is missing or empty: send the id of the"),
        (None, "invalid: the value is null: send a JSON object"),
        ("text", 'invalid: the value is the text "text", which holds no JSON'),
    ],
)
def test_what_is_no_single_event_is_called_by_its_name(value: Any, told: str) -> None:
    content = json.dumps(value).encode()
    with pytest.raises(RejectedError) as refused:
        decode(content, b"u", INTAKE)
    assert str(refused.value).startswith(told)
    assert user_of(content) is None


def each(value: Any) -> list[Any]:
    content = json.dumps(value, indent=1).encode()
    assert user_of(content) is None
    return [json.loads(it) for it in events_in(content)]


@pytest.mark.parametrize(
    "wrapped", [lambda it: it, lambda it: {**CLOUD, "data": it}, json.dumps, lambda it: {"schema": 1, "payload": it}]
)
def test_the_events_of_a_list_stand_alone(wrapped: Any) -> None:
    cart = {"type": "page", "messageId": 7, "userId": "v", "timestamp": 1740823200, "context": {"a": "b\nc"}}
    for held in ([ORDER, cart], {"batch": [ORDER, cart], "sentAt": None}):
        assert each(wrapped(held)) == [ORDER, cart]
    assert each(wrapped([{**CLOUD, "data": ORDER}, AS_TEXT])) == [ORDER, ORDER]
    assert not any(b"\n" in it for it in events_in(json.dumps(wrapped([cart, 5]), indent=1).encode()))


def test_an_event_of_a_batch_has_its_times() -> None:
    page = {"type": "page", "messageId": "m", "userId": "u", "originalTimestamp": "2025-03-01T10:00:00Z"}
    times = {"sentAt": "2025-03-01T10:00:01Z", "received_at": 1740823211}
    own, shared = each({"batch": [{**page, "sent_at": "2025-03-01T10:00:02Z"}, page], **times})
    assert own == {**page, "sent_at": "2025-03-01T10:00:02Z", "receivedAt": 1740823211}
    assert shared == {**page, "sentAt": "2025-03-01T10:00:01Z", "receivedAt": 1740823211}
    fact = decode(json.dumps(shared).encode(), b"u", INTAKE).fact
    assert fact == Browsed(1740823210000, "m", "page")
    assert each({"batch": [page], "sentAt": "x" * 100}) == [page]


def test_an_event_of_a_list_without_an_id_has_one_by_its_place() -> None:
    page = {"type": "page", "userId": "u", "timestamp": "2025-03-01T10:00:00Z"}
    first, second, named = each([page, page, {**page, "message_id": "m"}])
    assert first["messageId"] != second["messageId"]
    assert named == {**page, "message_id": "m"}
    assert each([page, page, {**page, "message_id": "m"}])[0] == first
    assert each([page])[0] != first


def test_what_is_no_event_in_a_list_stands_as_it_is() -> None:
    wrong: list[Any] = [5, None, "text", [ORDER], {"batch": [ORDER]}, CHANGE, {**ORDER, "messageId": []}]
    assert each(wrong) == wrong
    assert each([{"type": "page"}])[0].keys() == {"type", "messageId"}
    assert each([]) == each({"batch": []}) == []
    assert each({**ORDER, "batch": [ORDER]} | {"userId": None}) == [ORDER]


def test_wrappings_have_a_bound() -> None:
    value: Any = ORDER
    for _ in range(5):
        value = {**CLOUD, "data": value}
    with pytest.raises(RejectedError, match="wrapped more than 4 times"):
        decode(json.dumps(value).encode(), b"u", INTAKE)


def test_an_event_without_an_id_has_that_of_its_whole_value() -> None:
    page = {"type": "page", "userId": "u", "timestamp": "2025-03-01T10:00:00Z"}
    inside, outside = (json.dumps(it).encode() for it in ({**CLOUD, "data": page}, page))
    facts = [decode(value, b"u", INTAKE).fact for value in (inside, inside, outside)]
    assert facts[0] == facts[1] != facts[2]
    assert all(isinstance(fact, Browsed) for fact in facts)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["u", "1.0", AS_TEXT, IN_BASE64]) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([*CLOUD, *ORDER, *CHANGE, "data", "data_base64", "schema", "payload"]), inner)
    ),
    max_leaves=12,
)


@given(json_values)
def test_the_backtest_deals_a_wrapped_event_to_its_customer(value: Any) -> None:
    content = json.dumps(value).encode()
    try:
        decode(content, (user_of(content) or "").encode(), INTAKE)
    except RejectedError as refused:
        assert refused.reason != "key_mismatch"
        assert refused.detail
