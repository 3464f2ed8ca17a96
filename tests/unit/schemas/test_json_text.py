"""What is nearly JSON costs an event only where it is needed; how deep it may be nested is the same for everybody."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode, user_of
from schemas.events import Browsed, OrderCompleted
from schemas.intake import Intake
from schemas.json_text import MAX_DEPTH, mended
from schemas.money import Exchange
from schemas.reject import RejectedError

INTAKE = Intake(Exchange("USD", 1_000_000.0, {}))
AT = 1740823200000
PAGE = b'{"type":"page","messageId":"m","userId":"u","timestamp":1740823200,"x":X}'


@pytest.mark.parametrize(
    "odd",
    [
        *(b"NaN", b"[-Infinity, Infinity]", b'"NaN"', rb'"\ud83d"', rb'"a\udc00b\ud83d\ud83d"', rb'"\\\ud83d"'),
        *(b'"\xff latin"', b'{"\xff":NaN}', rb'"\ud83d\ude00"'),
    ],
)
def test_an_unused_field_costs_no_event(odd: bytes) -> None:
    for value in (PAGE.replace(b"X", odd), b"\xef\xbb\xbf" + PAGE.replace(b"X", odd)):
        assert decode(value, b"u", INTAKE).fact == Browsed(AT, "m", "page")
        assert user_of(value) == "u"
    wrapped = b'{"specversion":"1.0","data":%s}' % PAGE.replace(b"X", odd)
    assert decode(wrapped, b"u", INTAKE).fact == Browsed(AT, "m", "page")
    if b"\xff" not in odd:
        as_text = json.dumps(PAGE.replace(b"X", odd).decode()).encode()
        assert decode(as_text, b"u", INTAKE).fact == Browsed(AT, "m", "page")


def test_a_used_field_is_judged() -> None:
    def order(properties: bytes) -> bytes:
        fields = PAGE.replace(b'"page"', b'"track","event":"Order Completed"').replace(b'"x":X', b'"properties":X')
        return fields.replace(b"X", b'{"order_id":"1",%s}' % properties)

    given_up = decode(
        order(b'"total":5,"discount":NaN,"products":[{"title":"\xff","quantity":NaN}]'), b"u", INTAKE
    ).fact
    assert given_up == OrderCompleted(AT, "m", "1", 500, 0, ())
    for properties, told in (
        (b'"total":NaN', 'invalid: properties.total is "NaN": send a number'),
        (b'"total":5,"products":[{"category":"\xff"}]', "not_json: "),
        (b'"total":5,"currency":"\xff"', "not_json: "),
    ):
        with pytest.raises(RejectedError) as refused:
            decode(order(properties), b"u", INTAKE)
        assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    "value", [b"{'a': 1}", b'{"a":1,}', b"nan", b'{"a":1', b"\xef\xbb\xbf", b"undefined", b'"\\u12"']
)
def test_anything_else_is_no_json(value: bytes) -> None:
    with pytest.raises(RejectedError, match="not_json: "):
        decode(value, b"u", INTAKE)


@given(st.recursive(st.text() | st.floats(allow_nan=False, allow_infinity=False), lambda it: st.lists(it, max_size=3)))
def test_json_is_left_as_it_is(value: object) -> None:
    for written in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert json.loads(mended(written.encode("utf-8", "surrogatepass"))) == value


@pytest.mark.parametrize("opened", [b"[", b'{"a":', b'["]",{"b":[{},'])
def test_how_deep_an_event_may_be_nested(opened: bytes) -> None:
    closed = {b"[": b"]", b'{"a":': b"}", b'["]",{"b":[{},': b"]}]"}[opened]
    levels = 3 if b"b" in opened else 1

    def nested(depth: int) -> bytes:
        count = (depth - 1) // levels
        return PAGE.replace(b"X", opened * count + b"0" + closed * count)

    assert decode(nested(MAX_DEPTH - levels), b"u", INTAKE).fact == Browsed(AT, "m", "page")
    with pytest.raises(RejectedError, match="not_json: the JSON is nested more than 500 levels deep"):
        decode(nested(MAX_DEPTH + levels + 1), b"u", INTAKE)
    many = PAGE.replace(b"X", b"[" + b"[0]," * 5 * MAX_DEPTH + b"0]")
    assert decode(many, b"u", INTAKE).fact == Browsed(AT, "m", "page")
