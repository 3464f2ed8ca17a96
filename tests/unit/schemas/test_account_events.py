"""The event of an account: whose it is, and what of the event it keeps."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.account_events import account_event
from schemas.record_value import MAX_BYTES
from schemas.reject import RejectedError
from schemas.wrappings import SeveralEventsError

ORDER = {
    "type": "track",
    "event": "Order Completed",
    "messageId": "m",
    "userId": "anna",
    "timestamp": "2026-03-01T10:00:00Z",
    "context": {"groupId": "acme", "traits": {"plan": "pro"}, "device": {"type": "ios"}},
    "properties": {"order_id": "1", "total": 20},
}
Json = dict[str, Any]


def made(event: Json) -> tuple[str, Json]:
    account, value = account_event(json.dumps(event).encode())
    return account, json.loads(value)


def test_it_keeps_what_was_sent_but_for_what_is_about_the_member() -> None:
    context = {"groupId": "acme", "device": {"type": "ios"}, "member": "anna"}
    assert made(ORDER) == ("acme", {**ORDER, "userId": "acme", "context": context})


def test_numbers_are_passed_on_as_they_were_written() -> None:
    raw = json.dumps(ORDER).replace('"total": 20', '"total": 20.10000000000000000001')
    assert b'"total": 20.10000000000000000001' in account_event(raw.encode())[1]


@pytest.mark.parametrize("kind", ["group", "Group", " GROUP "])
def test_a_group_event_identifies_the_account(kind: str) -> None:
    event = {"type": kind, "userId": "anna", "messageId": "m", "groupId": "acme", "traits": {"employees": 3}}
    own = {"type": "identify", "userId": "acme", "messageId": "m", "context": {"member": "anna"}}
    assert made(event) == ("acme", {**own, "traits": {"employees": 3}})


def test_of_any_other_event_the_traits_are_the_members() -> None:
    _, own = made({**ORDER, "type": "identify", "traits": {"age": 30}})
    assert "traits" not in own


def test_an_event_without_an_id_gets_that_of_the_value_as_it_was_sent() -> None:
    value = json.dumps({**ORDER, "messageId": None}).encode()
    again = json.loads(account_event(value)[1])["messageId"]
    assert again == json.loads(account_event(value)[1])["messageId"]
    assert again != json.loads(account_event(value + b" ")[1])["messageId"]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({**ORDER, "context": {}}, "missing_account"),
        ({**ORDER, "context": None, "groupId": ""}, "missing_account"),
        ({**ORDER, "context": ["groupId"]}, "missing_account"),
        ({**ORDER, "groupId": 1.5}, "invalid"),
        ({**ORDER, "groupId": "a" * 257}, "invalid"),
        ({**ORDER, "userId": []}, "invalid"),
        ({**ORDER, "messageId": 1.5}, "invalid"),
        ({**ORDER, "type": 5}, "invalid"),
    ],
)
def test_what_cannot_be_an_accounts_event_is_refused(event: Json, reason: str) -> None:
    with pytest.raises(RejectedError) as refused:
        made(event)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [(b"{", "not_json"), (b'"\xff"', "not_json"), (b"5", "invalid"), (b" " * (MAX_BYTES + 1), "too_large")],
)
def test_what_is_no_event_is_refused(value: bytes, reason: str) -> None:
    with pytest.raises(RejectedError) as refused:
        account_event(value)
    assert refused.value.reason == reason


def test_of_a_list_each_event_is_made_by_itself() -> None:
    with pytest.raises(SeveralEventsError) as several:
        account_event(json.dumps({"batch": [ORDER, {**ORDER, "groupId": "beta"}]}).encode())
    assert [account_event(it)[0] for it in several.value.events] == ["acme", "beta"]


texts = st.text(max_size=5)
jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
NAMES = ["type", "event", "userId", "user_id", "messageId", "groupId", "group_id", "context", "traits", "properties"]


@given(st.dictionaries(st.sampled_from(NAMES), jsons | st.dictionaries(st.sampled_from(NAMES), jsons)))
def test_whatever_is_sent_is_an_accounts_event_or_refused(event: Json) -> None:
    value = json.dumps(event).encode()
    try:
        account, own = account_event(value)
    except RejectedError:
        return
    assert json.loads(own)["userId"] == account
    assert account_event(value) == (account, own)
