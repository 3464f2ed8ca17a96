"""An event is known by its name however that is spelled, and keeps the name that stands in the table."""

import json
from pathlib import Path

import pytest

from schemas.envelope import MAX_NAME, Event, decode
from schemas.event_names import nearest_name
from schemas.event_types import EVENT_TYPES, PROFILES, PURCHASES
from schemas.events import AnyFact, Browsed, OrderCancelled, OrderCompleted, TicketOpened, TraitsIdentified
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError
from schemas.spellings import LIKE, SPELLINGS, folded
from streams.sources.source import topic_of

INTAKE = Intake(Exchange("USD", 1_000_000.0, {}))
AT = 1740823200000


def read(kind: object, event: object) -> AnyFact | None:
    return opened(kind, event).fact


def opened(kind: object, event: object) -> Event:
    fields = {"type": kind, "event": event, "traits": {"a": 1}}
    outside = {"messageId": "m", "userId": "u", "timestamp": "2025-03-01T10:00:00Z"}
    properties = {"order_id": "1", "total": 20, "ticket_id": "t", "rating": 1}
    return decode(json.dumps({**outside, **fields, "properties": properties}).encode(), b"u", INTAKE)


@pytest.mark.parametrize(
    "name",
    ["Completed Order", "order_completed", "Order completed", " Order Completed", "orderCompleted", "ORDER-COMPLETED"],
)
def test_an_order_by_another_name(name: str) -> None:
    assert read("track", name) == OrderCompleted(AT, "m", "1", 2000, 0, ())
    assert topic_of("track", name) == PURCHASES


def test_the_fact_keeps_the_known_name() -> None:
    assert read("track", "order_canceled") == OrderCancelled(AT, "m", "1")
    assert read("track", "Viewed Product") == Browsed(AT, "m", "Product Viewed")
    assert read("track", "created_support_ticket") == TicketOpened(AT, "m", "t", "Support Ticket Created")


def test_types_are_folded_too() -> None:
    assert read("Track", "Order Completed") == read("", "Order Completed") == read("track", "Order Completed")
    assert read("PAGE", ["not", "read"]) == Browsed(AT, "m", "page")
    assert read("Identify", None) == TraitsIdentified(AT, "m", {"a": 1})
    assert topic_of("Identify", "") == PROFILES
    with pytest.raises(RejectedError, match="event is 5: send a text"):
        read("Track", 5)


@pytest.mark.parametrize(
    "name", ["Placed Order", "Order Placed", "purchase", "Order", "", "Completed  Orders", "tracks"]
)
def test_a_name_that_is_only_similar_stays_unknown(name: str) -> None:
    assert read("track", name) is None


@pytest.mark.parametrize("name", [it.name for it in EVENT_TYPES.values() if it.is_track])
def test_every_spelling_is_the_event(name: str) -> None:
    for spelling in (name, *SPELLINGS[name]):
        for written in (spelling, spelling.lower(), spelling.upper().replace(" ", "_"), spelling.replace(" ", "")):
            assert read("track", written) == read("track", name) is not None


def test_no_spelling_is_that_of_two_events() -> None:
    spellings = [folded(it) for name in EVENT_TYPES for it in (name, *SPELLINGS.get(name, ()))]
    assert len(set(spellings)) == len(spellings)


def test_the_pages_list_the_spellings() -> None:
    for page in ("docs/events.md", "docs/semantics.md"):
        text = Path(page).read_text()
        assert [other for others in SPELLINGS.values() for other in others if f"`{other}`" not in text] == []


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Order Complete", "Order Completed"),
        ("Orders Completed", "Order Completed"),
        ("ordre_completed", "Order Completed"),
        ("Order Completed (Server)", "Order Completed"),
        ("shop.Product_Viewed.v2", "Product Viewed"),
        ("Placed Order", "Order Completed"),
        ("purchase", "Order Completed"),
        ("orders/paid", "Order Completed"),
        ("Cart View", "Cart Viewed"),
        ("pages", "page"),
        ("identity", "identify"),
        ("Ticket Closed", "Support Ticket Solved"),
        ("Order Shipped", None),
        ("Support Ticket Updated", None),
        ("Homepage", None),
        ("group", None),
        ("alias", None),
        ("", None),
        ("x" * 1000, None),
    ],
)
def test_the_nearest_known_name(name: str, known: str | None) -> None:
    assert read("track", name) is None
    assert nearest_name(name) == known


def test_what_other_systems_call_an_event_is_no_spelling_of_one() -> None:
    others = [folded(other) for others in LIKE.values() for other in others]
    assert len(set(others)) == len(others)
    assert set(LIKE) <= set(EVENT_TYPES)
    assert [other for others in LIKE.values() for other in others if read("track", other) is not None] == []


def test_an_unknown_name_is_told_as_it_was_sent() -> None:
    assert opened("track", " Placed  Order ").unknown_name == " Placed  Order "
    assert opened("group", "Order Completed").unknown_name == "group"
    assert opened("track", None).unknown_name == ""
    assert opened("track", "x" * 1000).unknown_name == "x" * MAX_NAME
    assert opened("track", "order_completed").unknown_name is None
