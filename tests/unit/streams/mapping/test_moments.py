"""Instants of exports: ISO 8601, epoch times, and the formats of a mapping."""

from datetime import UTC, date, datetime

import pytest

from schemas.instant import to_text
from schemas.reject import RejectedError
from streams.mapping.moments import moment_reader, problem_of


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2010-07-01 08:26:00", "2010-07-01T07:26:00.000Z"),
        ("2010-12-01T08:26", "2010-12-01T08:26:00.000Z"),
        ("2010-07-01", "2010-06-30T23:00:00.000Z"),
        ("2026-09-03 10:15:00 -0400", "2026-09-03T14:15:00.000Z"),
        ("2026-09-03 10:15:00 UTC", "2026-09-03T10:15:00.000Z"),
        (1609459200000000, "2021-01-01T00:00:00.000Z"),
        ("1609459200", "2021-01-01T00:00:00.000Z"),
        (datetime(2021, 1, 1, tzinfo=UTC), "2021-01-01T00:00:00.000Z"),
        (date(2021, 7, 1), "2021-06-30T23:00:00.000Z"),
    ],
)
def test_without_formats(written: object, instant: str) -> None:
    found = moment_reader([], "Europe/London")(written)
    assert found is not None and to_text(found) == instant


@pytest.mark.parametrize(
    ("formats", "written", "instant"),
    [
        (["%m/%d/%Y %H:%M"], "12/1/2010 8:26", "2010-12-01T08:26:00.000Z"),
        (["%d/%m/%Y", "%d/%m/%Y %H:%M:%S"], "01/12/2010 08:26:01", "2010-12-01T08:26:01.000Z"),
        (["%d.%m.%y"], "01.12.10", "2010-12-01T00:00:00.000Z"),
        (["%d %b %Y %I:%M %p"], "01 Dec 2010 08:26 PM", "2010-12-01T20:26:00.000Z"),
        (["%Y%m%d%H%M%S.%f"], "20101201082601.25", "2010-12-01T08:26:01.250Z"),
    ],
)
def test_formats(formats: list[str], written: str, instant: str) -> None:
    found = moment_reader(formats, "UTC")(written)
    assert found is not None and to_text(found) == instant


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("12/1/2010 8:26", "could have its day or its month first: write formats"),
        ("2010-12-01 08:26:00", "names no zone: write zone"),
        ("1890-12-01T08:26:00Z", "outside the years"),
        ("soon", "send an RFC 3339 text"),
    ],
)
def test_what_is_ambiguous_is_told(written: str, sentence: str) -> None:
    with pytest.raises(RejectedError, match=sentence) as told:
        moment_reader([], "")(written)
    assert told.value.reason == "bad_timestamp"


@pytest.mark.parametrize("written", ["31/02/2010", "1/13/2010", "01/12/2010 08:26"])
def test_what_no_format_fits_is_told(written: str) -> None:
    with pytest.raises(RejectedError, match=r"is not like %d/%m/%Y: add its form to formats"):
        moment_reader(["%d/%m/%Y"], "UTC")(written)


def test_nothing() -> None:
    assert moment_reader([], "")("  ") is None
    assert moment_reader([], "")(None) is None


@pytest.mark.parametrize("format_text", ["%m/%d", "hello", "%Y-%m-%d %Q", "%H:%M", ""])
def test_formats_that_name_no_date(format_text: str) -> None:
    assert problem_of(format_text)


@pytest.mark.parametrize("format_text", ["%m/%d/%Y", "%d %b %Y", "%m/%d/%y %H:%M", "%Y-%m-%dT%H:%M:%S%z"])
def test_formats_that_do(format_text: str) -> None:
    assert problem_of(format_text) is None
