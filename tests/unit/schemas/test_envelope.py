"""Bad input becomes a reject with its reason, and good input becomes a fact."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode
from schemas.events import Browsed, OrderCompleted, OrderRefunded, TicketOpened, TraitsIdentified
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError

INTAKE = Intake(Exchange("USD", 1_000_000.0, {"EUR": 1.08, "JPY": 0.0067}))
ORDER = (
    '{"type":"track","event":"Order Completed","messageId":"m1","userId":"c1","timestamp":"2017-01-01T11:53:26Z",'
    '"properties":{"order_id":"o1","total":12.34,"currency":"USD",'
    '"products":[{"product_id":"p","category":"Grocery","quantity":1,"price":12.34}]}}'
)


def changed(old: str, new: str) -> bytes:
    assert old in ORDER
    return ORDER.replace(old, new).encode()


def reason_of(value: bytes | None, key: bytes | None = b"c1") -> str:
    with pytest.raises(RejectedError) as refused:
        decode(value, key, INTAKE)
    return refused.value.reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "tombstone"),
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"x" * 1_048_576, "too_large"),
        (b"[]", "invalid"),
        (b" null ", "invalid"),
        (b'"text"', "invalid"),
        (b'{"userId":"c1","x":' + b"[" * 9000 + b"]" * 9000 + b"}", "not_json"),
        (changed('"total":12.34,', "").replace(b'"price":12.34', b'"price":600000},{"price":600000'), "bad_amount"),
        (changed('"userId":"c1",', ""), "missing_user"),
        (changed('"c1"', '""'), "missing_user"),
        (changed('"c1"', "7.5"), "invalid"),
        (changed('"c1"', '"' + "c" * 257 + '"'), "invalid"),
        (changed('"timestamp":"2017-01-01T11:53:26Z",', ""), "missing_timestamp"),
        (changed("2017-01-01T11:53:26Z", "yesterday"), "bad_timestamp"),
        (changed("2017-01-01T11:53:26Z", "2017-01-01T11:53:26"), "bad_timestamp"),
        (changed("2017-01-01T11:53:26Z", "1969-01-01T11:53:26Z"), "bad_timestamp"),
        (changed("2017-01-01T11:53:26Z", "2999-01-01T11:53:26Z"), "bad_timestamp"),
        (changed("12.34,", "NaN,"), "invalid"),
        (changed("12.34,", "-Infinity,"), "invalid"),
        (changed("12.34,", "nan,"), "not_json"),
        (changed("Grocery", "Grocery\\x"), "not_json"),
        (changed("12.34,", "1e999,"), "bad_amount"),
        (changed("12.34,", "-12.34,"), "bad_amount"),
        (changed("12.34,", "1000000.01,"), "bad_amount"),
        (changed("12.34,", '"12,34",'), "invalid"),
        (changed("USD", "XXX"), "unknown_currency"),
        (changed('"order_id":"o1",', ""), "invalid"),
        (changed('"total":12.34,', "").replace(b'"quantity":1', b'"quantity":-1'), "bad_amount"),
        (changed('"total":12.34,', "").replace(b'"quantity":1', b'"quantity":1e9,"price":0'), "bad_amount"),
        (changed('"total":12.34,', "").replace(b'"quantity":1', b'"quantity":"many"'), "invalid"),
        (changed('"total":12.34,', "").replace(b',"price":12.34', b""), "invalid"),
        (changed('"messageId":"m1"', '"messageId":1.5'), "invalid"),
    ],
)
def test_what_cannot_be_used_says_why(value: bytes | None, reason: str) -> None:
    assert reason_of(value) == reason


def test_the_key_must_be_the_customer() -> None:
    assert reason_of(ORDER.encode(), b"c2") == "key_mismatch"
    assert reason_of(ORDER.encode(), None) == "key_mismatch"


def test_an_order() -> None:
    event = decode(ORDER.encode(), b"c1", INTAKE)
    assert event.fact == OrderCompleted(1483271606000, "m1", "o1", 1234, 1, ("Grocery",))


def test_an_unknown_event_is_no_fact_and_no_reject() -> None:
    assert decode(changed("Order Completed", "Moon Landed"), b"c1", INTAKE).fact is None


def test_framings_that_others_use() -> None:
    plain = decode(ORDER.encode(), b"c1", INTAKE).fact
    assert decode(b"\x00\x00\x00\x00\x07" + ORDER.encode(), b"c1", INTAKE).fact == plain
    cloud = f'{{"specversion":"1.0","id":"1","source":"shop","type":"order","data":{ORDER}}}'
    assert decode(cloud.encode(), b"c1", INTAKE).fact == plain


def test_an_event_without_an_id_gets_the_same_one_every_time() -> None:
    value = changed('"messageId":"m1",', "")
    first, again = (decode(value, b"c1", INTAKE).fact for _ in range(2))
    assert first == again
    assert first is not None and len(first.message_id) == 24


def test_other_kinds() -> None:
    refund = changed("Order Completed", "Order Refunded").replace(b'"total":12.34,', b"")
    assert decode(refund, b"c1", INTAKE).fact == OrderRefunded(1483271606000, "m1", "o1", 1234)
    refund = refund.replace(b'"products"', b'"articles"')
    assert decode(refund, b"c1", INTAKE).fact == OrderRefunded(1483271606000, "m1", "o1", None)
    page = b'{"type":"page","messageId":"p","userId":"c1","timestamp":"2017-01-01T00:00:00.1239Z"}'
    assert decode(page, b"c1", INTAKE).fact == Browsed(1483228800123, "p", "page")
    chat = changed("Order Completed", "Live Chat Conversation Started").replace(b"order_id", b"conversation_id")
    assert isinstance(decode(chat, b"c1", INTAKE).fact, TicketOpened)
    identify = (
        b'{"type":"identify","messageId":"i","userId":"c1","timestamp":"2017-01-01T00:00:00Z",'
        b'"traits":{"plan":"gold","age":44,"address":{"city":"Bonn"},"tags":["a"],"phone":null}}'
    )
    fact = decode(identify, b"c1", INTAKE).fact
    assert isinstance(fact, TraitsIdentified)
    assert fact.traits == {"plan": "gold", "age": 44, "address_city": "Bonn", "phone": None}


@given(st.decimals(min_value=0, max_value=1_000_000, places=3, allow_nan=False))
def test_money_is_the_decimal_text_rounded_half_to_even(amount: Decimal) -> None:
    exact = int((amount * 100).quantize(Decimal(1), ROUND_HALF_EVEN))
    assert INTAKE.exchange.minor(float(amount), "USD") == exact


def test_other_currencies_have_their_rate() -> None:
    assert INTAKE.exchange.minor(100, "EUR") == 10800
    assert INTAKE.exchange.minor(1000, "JPY") == 670


@given(st.binary(max_size=300))
def test_no_bytes_whatever_end_in_anything_but_an_event_or_a_reject(value: bytes) -> None:
    try:
        decode(value, b"c1", INTAKE)
    except RejectedError as refused:
        assert refused.reason and refused.detail
