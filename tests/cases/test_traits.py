"""Traits where SDKs put them: of an identify, and in the context of any event."""

import json
from typing import Any

import pytest

from tests.cases.intake import Intake, both

POLICY = """
name = "traits"
[[segments]]
key = "german"
name = "German businesses"
enter = 'kind == "business" and traits.country == "DE"'
"""
KNOWN = {"kind": "business", "country": "DE"}


def sent(kind: str, at: str = "2025-03-01T10:00:00.400Z", **fields: Any) -> bytes:
    return json.dumps({"type": kind, "userId": "ann", "timestamp": at, "channel": "web", **fields}).encode()


@both
@pytest.mark.parametrize(
    "line",
    [
        sent("identify", traits=KNOWN),
        sent("identify", context={"traits": KNOWN, "library": {"name": "x"}}),
        sent("identify", traits={}, context={"traits": KNOWN}),
        sent("identify", traits={"kind": "business"}, context={"traits": {"kind": "consumer", "country": "DE"}}),
        sent("page", context={"traits": KNOWN}),
        sent("screen", context={"traits": KNOWN}, userId="ann"),
        sent("track", event="Product Viewed", context={"traits": KNOWN}, properties={"product_id": 7}),
        sent("track", event="Order Completed", context={"traits": KNOWN}, properties={"order_id": 7, "total": "5"}),
        sent("track", event="Order Cancelled", context={"traits": KNOWN}, properties={"order_id": 7}),
        sent("track", event="Support Ticket Created", context={"traits": KNOWN}, properties={"ticket_id": 7}),
    ],
)
def test_traits_are_read(intake: Intake, line: bytes) -> None:
    result = intake([line], POLICY)
    assert (result.rejects, result.duplicates, result.unknown) == ([], 0, 0)
    assert result.profiles["ann"]["traits"] == KNOWN
    (joined,) = [it for it in result.transitions["ann"] if it["event"] == "Audience Entered"]
    fields = json.loads(line)
    assert joined["properties"]["cause_event"] == fields.get("event", fields["type"])


@both
def test_the_event_that_happened_last_decides(intake: Intake) -> None:
    result = intake(
        [
            sent("identify", "2025-03-01T10:00:00Z", traits={"plan": "free", "city": "Bonn"}),
            sent("page", "2025-03-01T10:20:00Z", context={"traits": {"plan": "plus", "city": None, "tags": ["vip"]}}),
            sent("page", "2025-03-01T10:10:00Z", context={"traits": {"plan": "pro", "age": "42"}}),
            sent("page", "2025-03-01T10:30:00Z", context={"traits": "none"}),
            sent("identify", "2025-03-01T10:31:00Z", traits=None),
        ]
    )
    assert result.rejects == []
    assert result.profiles["ann"]["traits"] == {"plan": "plus", "age": "42"}


@both
def test_a_group_and_an_alias_are_told_by_their_names(intake: Intake) -> None:
    result = intake(
        [
            sent("group", groupId="acme", traits={"plan": "pro"}, context={"traits": KNOWN}),
            sent("alias", previousId="an1"),
            sent("page"),
        ]
    )
    assert (result.rejects, result.unknown_names) == ([], {"group": 1, "alias": 1})
    assert result.profiles["ann"]["traits"] == {}
