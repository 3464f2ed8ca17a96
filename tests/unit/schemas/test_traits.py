"""Traits are read where SDKs put them; what is no trait is ignored, and never costs the event."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from schemas.bounds import Named
from schemas.envelope import Event, decode
from schemas.events import AnyFact, Browsed, TraitsIdentified
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError

AT = 1740823200000
INTAKE = Intake(Exchange("USD", 1_000_000.0, {}))
KNOWN = {"kind": "business", "country": "DE"}
KNOWN_BETTER = {"kind": "consumer", "country": None}


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
        ({"traits": {}, "context": {"traits": KNOWN}}, KNOWN),
        ({"traits": {"a": 1}, "context": {"traits": KNOWN}}, {"a": 1, **KNOWN}),
        ({"traits": {"kind": "consumer", "country": None}, "context": {"traits": KNOWN}}, KNOWN_BETTER),
        ({"traits": {"a": 1}, "context": {"traits": "not read"}}, {"a": 1}),
        ({"messageId": 5, "context": {"traits": KNOWN}}, KNOWN),
        ({"traits": None}, {}),
        ({}, {}),
        ({"context": None}, {}),
        ({"context": [KNOWN]}, {}),
        ({"context": {"traits": None}}, {}),
        ({"context": {"traits": [1]}}, {}),
        ({"context": {"traits": {"tags": ["vip"], "large": 2**63, **KNOWN}}}, KNOWN),
    ],
)
def test_where_traits_are(fields: dict[str, Any], known: dict[str, Any]) -> None:
    assert traits(identify(**fields)) == known


@pytest.mark.parametrize("kind", ["page", "screen", "track", "Track"])
def test_every_known_event_has_the_traits_of_its_context(kind: str) -> None:
    def read(context: Any, **fields: Any) -> AnyFact | None:
        return decode(identify(type=kind, event="Product Viewed", context=context, **fields), b"u", INTAKE).fact

    viewed = Browsed(AT, "m", "Product Viewed" if kind.lower() == "track" else kind)
    empty: list[Any] = [None, {}, "x", [1], {"a": []}]
    nothings: list[Any] = [None, {}, *({"traits": it} for it in empty)]
    for nothing in nothings:
        assert read(nothing) == viewed
    assert read(None, traits=KNOWN) == viewed
    assert read([KNOWN]) == viewed
    assert read({"traits": {**KNOWN, "address": {"city": "Bonn"}}, "ip": "::1"}, traits={"plan": "pro"}) == replace(
        viewed, context_traits={"address_city": "Bonn", "country": "DE", "kind": "business"}
    )


def test_a_named_trait_is_before_many_others() -> None:
    named = Intake(INTAKE.exchange, named=Named(traits={"zone", "plan"}))
    many = {f"t{number:03}": number for number in range(300)}
    around, own = {**many, "zone": "north"}, {**many, "plan": "pro"}
    fact = decode(identify(traits=own, context={"traits": around}), b"u", named).fact
    kept = {f"t{number:03}": number for number in range(256)}
    assert fact == TraitsIdentified(AT, "m", {**kept, "zone": "north", "plan": "pro"})
    fact = decode(identify(traits=own, context={"traits": around}), b"u", INTAKE).fact
    assert fact == TraitsIdentified(AT, "m", {**dict(list(many.items())[:255]), "plan": "pro"})


def test_an_unknown_event_has_no_traits() -> None:
    for kind, event in (("group", None), ("alias", None), ("track", "Nobody Knows")):
        value = identify(type=kind, event=event, traits=KNOWN, context={"traits": KNOWN})
        assert decode(value, b"u", INTAKE) == Event("u", None, event or kind)


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


@pytest.mark.parametrize("fields", [{"traits": [1]}, {"traits": "x"}])
def test_traits_that_are_no_object_are_told(fields: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=r"invalid: traits is .*: send a JSON object"):
        decode(identify(**fields), b"u", INTAKE)
