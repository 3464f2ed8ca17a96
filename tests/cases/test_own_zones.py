"""A customer's own time zone: dates, ages, tags and the hours of events are in it, windows are not."""

import json
from datetime import datetime
from typing import Any

import pytest

from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from tests.cases.intake import Intake, both

POLICY = """
name = "zones"
[time]
zone = "Europe/Berlin"
zone_trait = "timezone"
[traits]
tags = "tags"
born_on = "date"
renewal_on = "date"
seen_at = "instant"
[[segments]]
key = "adult"
name = "Of age"
enter = "age(traits.born_on) >= 18"
[[segments]]
key = "birthday"
name = "Has a birthday"
enter = "days_until_anniversary(traits.born_on) == 0"
[[segments]]
key = "due"
name = "Renewal is due"
enter = "days_until(traits.renewal_on) <= 0"
[[segments]]
key = "trial"
name = "On trial"
enter = '"trial" in traits.tags'
[[segments]]
key = "night"
name = "Buys at night"
enter = 'count("Order Completed", where = hour < 6) >= 1'
[[segments]]
key = "sunday"
name = "Opened the app on a Sunday"
enter = 'count("App Opened", where = weekday == "Sunday") >= 1'
[[segments]]
key = "window"
name = "Bought on the policy's day"
enter = "orders_1d >= 1"
"""


def sent(at: str, *, kind: str = "identify", **fields: Any) -> bytes:
    return json.dumps({"type": kind, "userId": "ann", "timestamp": at, "messageId": f"m{at}{kind}", **fields}).encode()


def order(at: str, **fields: Any) -> bytes:
    said = {"order_id": f"o{at}", "total": 5}
    return sent(at, kind="track", event="Order Completed", properties=said, **fields)


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def told(result: Any, key: str) -> list[tuple[str, str]]:
    each = [it for it in result.transitions.get("ann", []) if it["properties"].get("audience_key") == key]
    return [(it["properties"]["to"], it["timestamp"].removesuffix(":00.000Z")) for it in each]


@both
@pytest.mark.parametrize(
    ("zone", "known", "offset"),
    [
        ("America/New_York", "America/New_York", "T04:00"),
        (" america/new york", "America/New_York", "T04:00"),
        ("Asia/Kathmandu", "Asia/Kathmandu", None),
        (None, None, "T22:00"),
    ],
)
def test_dates_begin_and_end_in_the_customers_zone(
    intake: Intake, zone: str | None, known: str | None, offset: str | None
) -> None:
    traits = {"born_on": "2007-06-15", "renewal_on": "2025-06-20", "tags": {"trial": "2025-06-10"}}
    line = sent("2025-06-01T12:00:00Z", traits={**traits, "timezone": zone})
    result = intake([line], POLICY, until=ms("2025-07-01T00:00Z"))
    assert result.profiles["ann"]["traits"].get("timezone") == known
    assert result.bounds == {}
    day = {"T04:00": ("15", "16", "20", "11"), "T22:00": ("14", "15", "19", "10"), None: ("14", "15", "19", "10")}[
        offset
    ]
    at = [f"2025-06-{it}{offset or 'T18:15'}" for it in day]
    assert told(result, "adult") == [("in", at[0])]
    assert told(result, "birthday") == [("in", at[0]), ("out", at[1])]
    assert told(result, "due") == [("in", at[2])]
    assert told(result, "trial") == [("in", "2025-06-01T12:00"), ("out", at[3])]


@both
@pytest.mark.parametrize("zone", ["Mars/Olympus", "localtime", "../UTC", "+02:00", 5, True, ["UTC"], {"name": "UTC"}])
def test_what_is_no_zone_is_told_and_leaves_what_was_known(intake: Intake, zone: object) -> None:
    known = {"timezone": "Asia/Tokyo", "tags": {"trial": "2025-06-10"}}
    lines = [sent("2025-06-01T12:00:00Z", traits=known), sent("2025-06-02T12:00:00Z", traits={"timezone": zone})]
    result = intake(lines, POLICY, until=ms("2025-07-01T00:00Z"))
    assert result.bounds == {"traits.timezone is no time zone": 1}
    assert result.profiles["ann"]["traits"]["timezone"] == "Asia/Tokyo"
    assert told(result, "trial")[-1] == ("out", "2025-06-10T15:00")
    result = intake(
        [*lines[1:], sent("2025-06-03T12:00:00Z", traits={"tags": known["tags"]})],
        POLICY,
        until=ms("2025-07-01T00:00Z"),
    )
    assert told(result, "trial")[-1] == ("out", "2025-06-10T22:00")


@both
def test_a_move_changes_the_deadlines_at_once(intake: Intake) -> None:
    lines = [
        sent("2025-06-01T12:00:00Z", traits={"timezone": "Asia/Tokyo", "born_on": "2007-06-15"}),
        sent("2025-06-14T12:00:00Z", kind="page", context={"traits": {"timezone": "America/Los_Angeles"}}),
        sent("2025-06-15T06:00:00Z", traits={"timezone": "Asia/Tokyo"}),
        sent("2025-06-15T06:30:00Z", traits={"timezone": None}),
        sent("2025-06-15T06:45:00Z", traits={"timezone": "Pacific/Honolulu"}),
    ]
    result = intake(lines, POLICY, until=ms("2025-07-01T00:00Z"))
    assert told(result, "adult") == [
        ("in", "2025-06-15T06:00"),
        ("out", "2025-06-15T06:45"),
        ("in", "2025-06-15T10:00"),
    ]


@both
def test_hours_and_weekdays_are_those_of_the_zone_known_then(intake: Intake) -> None:
    opened = sent("2025-06-14T16:00:00Z", kind="track", event="App Opened")
    tokyo: dict[str, Any] = {"traits": {"timezone": "Asia/Tokyo"}}
    for lines, night, sunday in (
        ([order("2025-06-14T16:00:00Z"), opened], False, False),
        ([sent("2025-06-14T15:30:00Z", **tokyo), order("2025-06-14T16:00:00Z"), opened], True, True),
        ([order("2025-06-14T16:00:00Z", context=tokyo), opened], True, True),
        ([order("2025-06-14T16:00:00Z"), opened, sent("2025-06-14T17:00:00Z", **tokyo)], False, False),
    ):
        for given in (lines, lines[::-1]):
            result = intake(given, POLICY, until=ms("2025-06-20T00:00Z"))
            assert (bool(told(result, "night")), bool(told(result, "sunday"))) == (night, sunday)
            assert told(result, "window") == [("in", "2025-06-14T16:00"), ("out", "2025-06-14T22:00")]


@both
def test_an_order_that_is_stated_anew_has_the_hour_of_its_first_event_in_the_zone_known_now(intake: Intake) -> None:
    update: dict[str, Any] = {
        "kind": "track",
        "event": "Order Updated",
        "properties": {"order_id": "o2025-06-14T16:00:00Z", "total": 7},
    }
    moved = sent("2025-06-14T17:00:00Z", traits={"timezone": "Asia/Tokyo"})
    lines = [order("2025-06-14T16:00:00Z"), moved, sent("2025-06-14T19:00:00Z", **update)]
    assert told(intake(lines, POLICY), "night") == [("in", "2025-06-14T19:00")]


@both
@pytest.mark.parametrize(
    ("zone", "born", "day", "at"),
    [
        ("America/New_York", "2008-02-29", "2026-03-01", "T05:00"),
        ("Pacific/Auckland", "2008-02-29", "2026-02-28", "T11:00"),
        ("America/Santiago", "2007-09-07", "2025-09-07", "T04:00"),
        ("Africa/Cairo", "2007-04-25", "2025-04-24", "T22:00"),
        ("America/Havana", "2007-11-02", "2025-11-02", "T04:00"),
        ("Australia/Lord_Howe", "2007-10-05", "2025-10-04", "T13:30"),
    ],
)
def test_skipped_and_repeated_midnights_and_leap_days(intake: Intake, zone: str, born: str, day: str, at: str) -> None:
    line = sent("2025-03-03T12:00:00Z", traits={"timezone": zone, "born_on": born})
    assert told(intake([line], POLICY, until=ms("2026-04-01T00:00Z")), "adult") == [("in", f"{day}{at}")]


@both
def test_the_zone_is_kept_among_however_many_traits(intake: Intake) -> None:
    many = {f"a{number:03}": number for number in range(300)}
    result = intake([sent("2025-06-01T12:00:00Z", traits={**many, "timezone": "utc"})], POLICY)
    assert result.profiles["ann"]["traits"]["timezone"] == "UTC"


@pytest.mark.parametrize("trait", ["kind", "born_on"])
def test_a_trait_that_is_something_else_is_no_zone(trait: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(f'name = "p"\n[time]\nzone_trait = "{trait}"\n[traits]\nborn_on = "date"\n', catalogue)
    assert [(it.line, it.message) for it in caught.value.problems] == [
        (3, f"`{trait}` is something else than the zone of a customer")
    ]


def test_a_policy_without_one_keeps_its_version() -> None:
    plain = read_policy('name = "p"', catalogue)
    assert plain.version == read_policy('name = "p"\n[time]\nzone_trait = ""\n', catalogue).version
    assert plain.version != read_policy('name = "p"\n[time]\nzone_trait = "timezone"\n', catalogue).version


@pytest.mark.parametrize(
    ("enter", "is_read"),
    [
        ("orders_30d >= 1 and traits.tags is known", False),
        ('starts_with(traits.timezone, "Europe") and traits.born_on is known', False),
        ('count("App Opened", where = channel == "app") >= 1', False),
        ('"trial" not in traits.tags', True),
        ("0 < 20 - age(traits.born_on)", True),
        ('sum("App Opened", hour) > 3', True),
        ('count("App Opened", where = weekday == "Monday") >= 1', True),
    ],
)
def test_a_zone_that_nothing_reads_is_warned_of(enter: str, is_read: bool) -> None:
    head = POLICY.partition("[[segments]]")[0]
    policy = read_policy(f"{head}[[segments]]\nkey = 's'\nname = 'S'\nenter = '{enter}'\n", catalogue)
    told = [(it.line, it.message) for it in policy.warnings if "own zone" in it.message]
    assert [line for line, _ in told] == ([] if is_read else [5])
