"""An event is known by its name however that is spelled, and keeps the name that stands in the table."""

import json
from pathlib import Path

import pytest

from schemas.envelope import decode
from schemas.event_types import EVENT_TYPES, PROFILES, PURCHASES, SPELLINGS, folded
from schemas.events import AnyFact, Browsed, OrderCancelled, OrderCompleted, TicketOpened, TraitsIdentified
from schemas.money import Exchange
from schemas.reject import RejectedError
from streams.sources.source import topic_of

EXCHANGE = Exchange("USD", 1_000_000.0, {})
AT = 1740823200000


def read(kind: object, event: object) -> AnyFact | None:
    fields = {"type": kind, "event": event, "traits": {"a": 1}}
    outside = {"messageId": "m", "userId": "u", "timestamp": "2025-03-01T10:00:00Z"}
    properties = {"order_id": "1", "total": 20, "ticket_id": "t", "rating": 1}
    return decode(json.dumps({**outside, **fields, "properties": properties}).encode(), b"u", EXCHANGE).fact


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
