"""Every way of writing an instant that names exactly one is read; all others are told."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import decode
from schemas.instant import from_text
from schemas.intake import Intake
from schemas.money import Exchange
from schemas.reject import RejectedError

INTAKE = Intake(Exchange("USD", 1_000_000.0, {}))
TEN = "2025-03-01T10:00:00Z"


def page(**times: Any) -> bytes:
    return json.dumps({"type": "page", "messageId": "m", "userId": "u", **times}).encode()


def at(value: bytes) -> int:
    fact = decode(value, b"u", INTAKE).fact
    assert fact is not None
    return fact.at


def told(value: bytes) -> str:
    with pytest.raises(RejectedError) as refused:
        at(value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2025-03-01T10:00:00+0000", TEN),
        ("2025-03-01 10:00:00+00:00", TEN),
        ("2025-03-01 10:00:00.000 UTC", TEN),
        ("2025-03-01T10:00:00GMT", TEN),
        (" 2025-03-01T10:00:00Z ", TEN),
        ("2025-03-01t10:00:00z", TEN),
        ("2025-03-01T10:00Z", TEN),
        ("2025-03-01T10:00:00,5Z", "2025-03-01T10:00:00.500Z"),
        ("2025-03-01T15:00:00+05", TEN),
        ("2025-03-01T15:30:00+0530", TEN),
        ("2025-03-01T07:00:00-03", TEN),
        ("2025-03-01T10:00:00-00:00", TEN),
        ("2025-03-01T10:00:00.000+14:00", "2025-02-28T20:00:00Z"),
        ("2025-03-01T10:00:60Z", "2025-03-01T10:01:00Z"),
        ("2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250Z"),
        ("2024-02-29T24:00:00Z", "2024-03-01T00:00:00Z"),
        (1740823200, TEN),
        (1740823200.9876, "2025-03-01T10:00:00.987Z"),
        (1740823200000, TEN),
        (1740823200000000, TEN),
        (1740823200123456789, "2025-03-01T10:00:00.123Z"),
        ("1740823200", TEN),
        ("1740823200000", TEN),
        ("1740823200.5", "2025-03-01T10:00:00.500Z"),
        (100000000, "1973-03-03T09:46:40Z"),
        (100000000000, "1973-03-03T09:46:40Z"),
        (7258118399, "2199-12-31T23:59:59Z"),
        (7258118399999, "2199-12-31T23:59:59.999Z"),
    ],
)
def test_an_instant_is_read(written: str | float, instant: str) -> None:
    assert at(page(timestamp=written)) == from_text(instant)


def test_a_number_with_an_exponent_is_read() -> None:
    assert at(page(timestamp=0).replace(b": 0", b": 1.7408232E12")) == from_text(TEN)


@pytest.mark.parametrize(
    ("written", "detail"),
    [
        ("2025-03-01T10:00:00", "bad_timestamp: timestamp names no time zone: add Z or an offset like +01:00"),
        ("2025-03-01T10:00", "bad_timestamp: timestamp names no time zone"),
        ("2025-03-01", "bad_timestamp: timestamp is 2025-03-01, which names no time of the day: send"),
        ("2025-03-01T10:00:00+24:00", "bad_timestamp: timestamp is 2025-03-01T10:00:00+24:00, which no clock shows"),
        ("2025-03-01T10:00:61Z", "bad_timestamp: timestamp is 2025-03-01T10:00:61Z, which no clock shows"),
        ("2025-03-01T24:00:01Z", "bad_timestamp: timestamp is 2025-03-01T24:00:01Z, which no clock shows"),
        ("2025-02-30T10:00:00Z", "bad_timestamp: timestamp is 2025-02-30T10:00:00Z, which no clock shows"),
        ("0001-01-01T00:00:00+01", "bad_timestamp: timestamp is 0001-01-01T00:00:00+01, which no clock shows"),
        ("2200-01-01T00:00Z", "bad_timestamp: timestamp lies outside the years 1970 to 2199"),
        ("2025-03-01T10:00:00 CET", "bad_timestamp: timestamp is 2025-03-01T10:00:00 CET: send an RFC 3339 text"),
        ("01/03/2025 10:00", "bad_timestamp: timestamp is 01/03/2025 10:00: send an RFC 3339 text"),
        (
            "yesterday",
            "bad_timestamp: timestamp is yesterday: send an RFC 3339 text like 2017-12-31T23:59:59Z, or epoch",
        ),
        (
            "20250301",
            "bad_timestamp: timestamp is 20250301, which is no epoch time from 1973-03-03 to 2199 in any unit",
        ),
        ("20250301100000", "bad_timestamp: timestamp is 20250301100000, which is no epoch time"),
        (12, "bad_timestamp: timestamp is 12, which is no epoch time"),
        (99999999, "bad_timestamp: timestamp is 99999999, which is no epoch time"),
        (7258118400, "bad_timestamp: timestamp is 7258118400, which is no epoch time"),
        (-1740823200, "bad_timestamp: timestamp is -1740823200, which is no epoch time"),
        (1e300, "bad_timestamp: timestamp is 1e+300, which is no epoch time"),
        (10**50, "bad_timestamp: timestamp is 1000000000"),
        (True, "bad_timestamp: timestamp is true: send"),
        ({}, "bad_timestamp: timestamp is {}: send"),
        ("", "missing_timestamp: timestamp is missing: send when the event happened"),
        (None, "missing_timestamp"),
    ],
)
def test_what_could_be_two_instants_is_told(written: Any, detail: str) -> None:
    assert told(page(timestamp=written)).startswith(detail)


@pytest.mark.parametrize("number", ["1e999999999", "1e99999999999999999999", "1" * 5000])
def test_a_number_beyond_all_bounds_is_told(number: str) -> None:
    assert told(page(timestamp=0).replace(b": 0", b": " + number.encode())).startswith("bad_timestamp")


@pytest.mark.parametrize(
    ("times", "instant"),
    [
        ({"originalTimestamp": TEN}, TEN),
        ({"originalTimestamp": TEN, "sentAt": "2025-03-01T10:00:05Z"}, TEN),
        ({"originalTimestamp": TEN, "receivedAt": "2025-03-01T11:00:00Z"}, TEN),
        (
            {"originalTimestamp": TEN, "sentAt": "2025-03-01T10:00:05Z", "receivedAt": "2025-03-01T09:00:00Z"},
            "2025-03-01T08:59:55Z",
        ),
        (
            {"original_timestamp": 1740823200, "sent_at": 1740823205, "received_at": "1740823215"},
            "2025-03-01T10:00:10Z",
        ),
        ({"timestamp": TEN, "originalTimestamp": "never", "sentAt": 5}, TEN),
        ({"timestamp": 1740823200, "originalTimestamp": "never"}, TEN),
        ({"timestamp": "", "originalTimestamp": TEN}, TEN),
    ],
)
def test_the_four_times_of_segment(times: dict[str, Any], instant: str) -> None:
    assert at(page(**times)) == from_text(instant)


def test_a_time_that_is_needed_is_judged() -> None:
    assert told(page(sentAt=TEN, receivedAt=TEN)).startswith("missing_timestamp")
    assert told(page(originalTimestamp=TEN, sentAt="x")).startswith("bad_timestamp: sentAt is x: send")
    far = {"originalTimestamp": "0001-01-01T00:00Z", "sentAt": "9999-12-31T00:00Z", "receivedAt": "0001-01-01T00:00Z"}
    assert told(page(**far)).startswith("bad_timestamp: originalTimestamp, sentAt and receivedAt lie too far apart")


moments = st.datetimes(datetime(1971, 1, 1), datetime(2199, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 bounds


@given(moments, st.integers(-840, 840))
def test_what_the_strict_decoder_reads_is_read_alike(moment: datetime, minutes: int) -> None:
    written = moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    strict = page(timestamp=written)
    assert at(strict) == at(strict.replace(b'"m"', b"1"))


@given(st.text("0123456789", min_size=1, max_size=12), st.sampled_from(["Z", "+05:00", "-00:30"]))
def test_digits_beyond_microseconds_are_read_alike(fraction: str, zone: str) -> None:
    strict = forgiving = f"2025-03-01T23:59:59.{fraction}{zone}"
    forgiving = forgiving.replace("Z", " Z").replace("+05:00", "+05").replace("-00:30", "-0030")
    assert at(page(timestamp=strict)) == at(page(timestamp=forgiving))


def test_the_seventh_digit_rounds_the_sixth() -> None:
    assert at(page(timestamp="2025-03-01T10:00:00.1239994Z")) == 1740823200123
    assert at(page(timestamp="2025-03-01T10:00:00.1239995Z")) == 1740823200124
    assert at(page(timestamp="2025-03-01T10:00:00,12399949 Z")) == 1740823200123
    assert at(page(timestamp="2025-03-01T09:59:59,9999995 UTC")) == 1740823200000
