"""When an event happened: one of four fields, each in one of several notations."""

import re
from decimal import Decimal
from typing import Any

from tests.reference_model.calendar import read_day
from tests.reference_model.properties import Unusable

EPOCH_TEXT = re.compile(r"\d+(\.\d*)?", flags=re.ASCII)
WRITTEN = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<hour>\d\d):(?P<minute>\d\d)"
    r"(:(?P<second>\d\d)([.,](?P<fraction>\d+))?)?"
    r" ?(Z|z|UTC|GMT|(?P<sign>[+-])(?P<hours>\d\d)(:?(?P<minutes>\d\d))?)",
    flags=re.ASCII,
)
MAX_YEAR = 253_402_300_800_000_000  # 10000-01-01
MIN_YEAR = -62_135_596_800_000_000  # 0001-01-01


def happened(body: dict[str, Any]) -> int:
    """The instant in ms. Inside it is reckoned in microseconds."""
    micros = moment(body, "timestamp")
    if micros is None:
        micros = corrected(body)
    at = micros // 1000
    if not 0 <= at < 7_258_118_400_000:
        raise Unusable("bad_timestamp")
    return at


def corrected(body: dict[str, Any]) -> int:
    original = moment(body, "originalTimestamp", "original_timestamp")
    if original is None:
        raise Unusable("missing_timestamp")
    sent, received = moment(body, "sentAt", "sent_at"), moment(body, "receivedAt", "received_at")
    return original if sent is None or received is None else received - (sent - original)


def moment(body: dict[str, Any], *names: str) -> int | None:
    for name in names:
        written = body.get(name)
        if isinstance(written, str):
            written = written.strip()
        if written not in (None, ""):
            return one(written)
    return None


def one(written: Any) -> int:
    if isinstance(written, str) and not EPOCH_TEXT.fullmatch(written):
        return dated(written)
    if isinstance(written, bool) or not isinstance(written, int | Decimal | str):
        raise Unusable("bad_timestamp")
    return epoch(Decimal(written))


def epoch(number: Decimal) -> int:
    for unit in (1, 10**3, 10**6, 10**9):
        if 10**8 * unit <= number < 7_258_118_400 * unit:
            return int(number * 1000 / unit) * 1000
    raise Unusable("bad_timestamp")


def dated(written: str) -> int:
    match = WRITTEN.fullmatch(written)
    day = read_day(match["day"]) if match else None
    if match is None or day is None:
        raise Unusable("bad_timestamp")
    hour, minute, second, hours, minutes = (
        int(match[name] or 0) for name in ("hour", "minute", "second", "hours", "minutes")
    )
    digits = (match["fraction"] or "").ljust(7, "0")
    fraction = int(digits[:6]) + (1 if digits[6] in "56789" else 0)
    if hour == 24 and (minute, second, fraction) != (0, 0, 0):
        raise Unusable("bad_timestamp")
    if hour > 24 or minute > 59 or second > 60 or hours > 23 or minutes > 59:
        raise Unusable("bad_timestamp")
    offset = (hours * 60 + minutes) * (-1 if match["sign"] == "-" else 1)
    seconds = day * 86400 + (hour * 60 + minute - offset) * 60 + second
    micros = seconds * 10**6 + fraction
    if not MIN_YEAR <= micros < MAX_YEAR:
        raise Unusable("bad_timestamp")
    return micros
