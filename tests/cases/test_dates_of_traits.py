"""Dates of traits are deadlines: who does nothing joins and leaves at the first millisecond."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cases.intake import Intake, both

POLICY = """
name = "dates"
[time]
zone = "{zone}"
[traits]
born_on = "date"
renewal_at = "instant"
[[segments]]
key = "s"
name = "S"
enter = "{enter}"
"""


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def told(intake: Intake, enter: str, traits: dict[str, Any], until: str, zone: str = "Europe/Berlin") -> list[str]:
    """The instants at which the customer joins and leaves in turn."""
    at = "2025-01-01T12:00:00Z"
    line = {"type": "identify", "userId": "ann", "messageId": "m", "timestamp": at, "traits": traits}
    policy = POLICY.format(zone=zone, enter=enter)
    result = intake([json.dumps(line).encode()], policy, ms(until))
    found = result.transitions.get("ann", [])
    assert [it["properties"]["to"] for it in found] == (["in", "out"] * len(found))[: len(found)]
    assert {it["properties"]["cause"] for it in found if it["timestamp"] != "2025-01-01T12:00:00.000Z"} <= {"deadline"}
    return [it["timestamp"] for it in found]


@both
@pytest.mark.parametrize(
    ("born_on", "zone", "of_age_at"),
    [
        ("2007-04-01", "Europe/Berlin", "2025-03-31T22:00:00.000Z"),
        ("2007-03-30", "Europe/Berlin", "2025-03-29T23:00:00.000Z"),
        ("2007-04-01", "America/New_York", "2025-04-01T04:00:00.000Z"),
        ("2008-02-29", "UTC", "2026-03-01T00:00:00.000Z"),
        ("2007-06-30T22:30:00Z", "Europe/Berlin", "2025-06-30T22:00:00.000Z"),
    ],
)
def test_a_birthday_begins_at_midnight_in_the_zone(intake: Intake, born_on: str, zone: str, of_age_at: str) -> None:
    enter = "age(traits.born_on) >= 18"
    assert told(intake, enter, {"born_on": born_on}, "2027-01-01T00:00Z", zone) == [of_age_at]


@both
def test_29_february_comes_in_leap_years_on_its_day(intake: Intake) -> None:
    enter = "days_until_anniversary(traits.born_on) == 0"
    assert told(intake, enter, {"born_on": "2000-02-29"}, "2028-12-01T00:00Z", "UTC") == [
        *("2025-03-01T00:00:00.000Z", "2025-03-02T00:00:00.000Z"),
        *("2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z"),
        *("2027-03-01T00:00:00.000Z", "2027-03-02T00:00:00.000Z"),
        *("2028-02-29T00:00:00.000Z", "2028-03-01T00:00:00.000Z"),
    ]


@both
def test_an_anniversary_is_near_once_a_year(intake: Intake) -> None:
    enter = "days_until_anniversary(traits.born_on) <= 30"
    assert told(intake, enter, {"born_on": "1900-04-15"}, "2026-12-01T00:00Z") == [
        *("2025-03-15T23:00:00.000Z", "2025-04-15T22:00:00.000Z"),
        *("2026-03-15T23:00:00.000Z", "2026-04-15T22:00:00.000Z"),
    ]


@both
def test_a_renewal_is_near_to_the_millisecond(intake: Intake) -> None:
    enter = "0 <= days_until(traits.renewal_at) <= 30"
    assert told(intake, enter, {"renewal_at": "2025-06-30T10:00:00.500+02:00"}, "2026-01-01T00:00Z") == [
        "2025-05-31T08:00:00.500Z",
        "2025-06-30T08:00:00.501Z",
    ]


@both
def test_a_date_begins_with_its_first_instant(intake: Intake) -> None:
    enter = "days_since(traits.born_on) >= 6666"
    assert told(intake, enter, {"born_on": "2007-05-01"}, "2026-01-01T00:00Z") == ["2025-07-30T22:00:00.000Z"]


@both
def test_what_lies_far_away_is_known(intake: Intake) -> None:
    enter = "days_until(traits.renewal_at) > 27000 and age(traits.born_on) > 124"
    traits = {"renewal_at": "2100-01-01T00:00:00Z", "born_on": "1900-02-01"}
    assert told(intake, enter, traits, "2027-01-01T00:00Z", "UTC") == [
        "2025-02-01T00:00:00.000Z",
        "2026-01-29T00:00:00.000Z",
    ]


@both
def test_a_date_that_is_not_known_decides_nothing(intake: Intake) -> None:
    enter = "not age(traits.born_on) >= 18 and not days_until(traits.renewal_at) > 3"
    assert told(intake, enter, {"born_on": "soon"}, "2045-01-01T00:00Z") == ["2025-01-01T12:00:00.000Z"]
