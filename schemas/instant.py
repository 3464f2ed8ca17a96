"""Instants: whole milliseconds since 1970 inside, RFC 3339 text outside."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = EPOCH.replace(tzinfo=None)
EARLIEST = 0
LATEST = 7_258_118_400_000  # 2200-01-01: later than any event, early enough that every sum of durations fits


def from_datetime(moment: datetime) -> int:
    """Return the instant of an aware datetime, truncated to whole milliseconds."""
    since = moment - EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def to_text(instant: int) -> str:
    """Return RFC 3339 text in UTC with milliseconds: ``2017-01-01T11:53:26.000Z``."""
    # Positional (days, seconds, microseconds): keywords take a fifth longer, and each transition calls this twice.
    return (START + timedelta(0, 0, instant * 1000)).isoformat("T", "milliseconds") + "Z"


def when(instant: int | None) -> str | None:
    """Return the text of an instant that may be missing."""
    return None if instant is None else to_text(instant)


def from_text(text: str) -> int:
    """Return the instant of RFC 3339 text, or of a bare date (its first instant in UTC).

    Raises ``ValueError`` with a message for the user when the text is neither, or names no time zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no instant: write it like 2017-12-31T23:59:59Z") from None
    if moment.tzinfo is None:
        if len(text) > len("2017-12-31"):
            raise ValueError(f"{text!r} names no time zone: add Z or an offset like +01:00")
        moment = moment.replace(tzinfo=UTC)
    return from_datetime(moment)
