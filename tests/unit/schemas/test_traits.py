"""Traits are read where SDKs put them; what is no trait is ignored, and never costs the event."""

import json
from typing import Any

import pytest

from schemas.envelope import decode
from schemas.events import TraitsIdentified
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError

INTAKE = Intake(Exchange("USD", 1_000_000.0, {}))
KNOWN = {"kind": "business", "country": "DE"}


def identify(**fields: Any) -> bytes:
    outside = {"type": "identify", "messageId": "m", "userId": "u", "timestamp": "2025-03-01T10:00:00Z"}
    return json.dumps({**outside, **fields}).encode()


def traits(value: bytes) -> dict[str, Any]:
    fact = decode(value, b"u", INTAKE).fact
    assert isinstance(fact, TraitsIdentified)
    return fact.traits


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ({"traits": KNOWN}, KNOWN),
        ({"context": {"traits": KNOWN, "library": {"name": "x"}}}, KNOWN),
        ({"traits": None, "context": {"traits": KNOWN}}, KNOWN),
        ({"traits": {}, "context": {"traits": KNOWN}}, {}),
        ({"traits": {"a": 1}, "context": {"traits": KNOWN}}, {"a": 1}),
        ({"traits": {"a": 1}, "context": {"traits": "not read"}}, {"a": 1}),
        ({"messageId": 5, "context": {"traits": KNOWN}}, KNOWN),
        ({"traits": None}, {}),
        ({}, {}),
        ({"context": None}, {}),
        ({"context": [KNOWN]}, {}),
        ({"context": {"traits": None}}, {}),
    ],
)
def test_where_traits_are(fields: dict[str, Any], known: dict[str, Any]) -> None:
    assert traits(identify(**fields)) == known


def test_the_context_is_that_of_the_event_itself() -> None:
    inside = json.loads(identify(context={"traits": KNOWN}))
    value = {"specversion": "1.0", "context": {"traits": {"a": 1}}, "data": inside}
    assert traits(json.dumps(value).encode()) == KNOWN
    assert traits(b"\x00\x00\x00\x00\x07" + identify(context={"traits": KNOWN})) == KNOWN


@pytest.mark.parametrize("value", [-(2**63), 2**63 - 1, 0, 1.5, True, None, "x"])
def test_what_fits_is_a_trait(value: object) -> None:
    assert traits(identify(traits={"a": value})) == {"a": value}
    assert traits(identify(traits={"a": {"b": value}})) == {"a_b": value}


@pytest.mark.parametrize("value", ["-9223372036854775809", "9223372036854775808", "1e400", "-1e400", "[1e400]", "[]"])
def test_what_does_not_fit_is_ignored(value: str) -> None:
    for place in ("77", '{"b":77,"c":{"d":77}}'):
        value_of = identify(traits={"a": 0, "plan": "gold"}).replace(b'"a": 0', f'"a": {place}'.encode())
        assert traits(value_of.replace(b"77", value.encode())) == {"plan": "gold"}


@pytest.mark.parametrize("fields", [{"traits": [1]}, {"traits": "x"}, {"context": {"traits": [1]}}])
def test_traits_that_are_no_object_are_told(fields: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=r"invalid: traits is .*: send a JSON object"):
        decode(identify(**fields), b"u", INTAKE)
