"""Timestamps: the instant at which an event happened, as producers write it."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal

from schemas.coercion import NULL, Fields, is_numeric, read_text, shown
from schemas.instant import EPOCH, START
from schemas.reject import RejectedError

MISSING = START
"""Stands for a missing timestamp; like any that names no time zone, it is no instant."""

_FIRST_SECOND, _LAST_SECOND = Decimal(100_000_000), Decimal(7_258_118_400)
_DIGITS_OF_UNITS = (0, 3, 6, 9)
_MAX_DIGITS = 40
_EXACT = Context(prec=60, traps=[])
_FIX = "send an RFC 3339 text like 2017-12-31T23:59:59Z, or epoch seconds or milliseconds"
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_TEXT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?)?"
    r" ?([Zz]|UTC|GMT|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
)


def happened(fields: Fields) -> datetime:
    """Return when the event with these fields happened.

    Without ``timestamp`` it is ``originalTimestamp``, corrected by how far the producer's clock was off when it sent
    the event: ``receivedAt - (sentAt - originalTimestamp)``, as the Segment spec says. Raises ``RejectedError``.
    """
    stated = moment(fields, "timestamp")
    if stated is not None:
        return stated
    original = moment(fields, "originalTimestamp", "original_timestamp")
    if original is None:
        raise RejectedError("missing_timestamp", "timestamp is missing: send when the event happened")
    sent, received = moment(fields, "sentAt", "sent_at"), moment(fields, "receivedAt", "received_at")
    if sent is None or received is None:
        return original
    try:
        return received - (sent - original)
    except OverflowError:
        told = "originalTimestamp, sentAt and receivedAt lie too far apart: send timestamp"
        raise RejectedError("bad_timestamp", told) from None


def moment(fields: Fields, *names: str) -> datetime | None:
    """Return the moment of the first name under which one is given, None if none is. Raises ``RejectedError``."""
    for name in names:
        raw = bytes(fields.get(name, NULL))
        quoted = raw[:1] == b'"'
        written = read_text(raw).strip() if quoted else raw.decode()
        if written in ("", "null"):
            continue
        if _NUMBER.fullmatch(written) or is_numeric(raw):
            return _of_epoch(written, name)
        if not quoted:
            raise RejectedError("bad_timestamp", f"{name} is {shown(raw)}: {_FIX}")
        return _of_text(written, name)
    return None


def _of_epoch(written: str, name: str) -> datetime:
    if len(written) <= _MAX_DIGITS:
        number = _EXACT.create_decimal(written)  # what is beyond all bounds is no error here
        for digits in _DIGITS_OF_UNITS:
            if _FIRST_SECOND.scaleb(digits) <= number < _LAST_SECOND.scaleb(digits):
                return EPOCH + timedelta(milliseconds=int(number.scaleb(3 - digits, _EXACT)))
    told = f"{name} is {shown(written.encode())}, which is no epoch time from 1973-03-03 to 2199 in any unit"
    raise RejectedError("bad_timestamp", f"{told}: {_FIX}")


def _microseconds(fraction: str) -> int:
    """Return the digits after the point in microseconds, rounded by the seventh digit as the strict decoder does."""
    return int(fraction[:6].ljust(6, "0")) + (fraction[6:7] >= "5")


def _of_text(written: str, name: str) -> datetime:
    match = _TEXT.fullmatch(written)
    if match is None:
        raise RejectedError("bad_timestamp", f"{name} is {shown(written.encode())}: {_FIX}")
    day, hour, minute, second, fraction, zone, sign, zone_hours, zone_minutes = match.groups()
    if hour is None:
        raise RejectedError("bad_timestamp", f"{name} is {written}, which names no time of the day: {_FIX}")
    if zone is None:
        raise RejectedError("bad_timestamp", f"{name} names no time zone: add Z or an offset like +01:00")
    clock = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
    clock += timedelta(microseconds=_microseconds(fraction or ""))
    offset = timedelta(hours=int(zone_hours or 0), minutes=int(zone_minutes or 0))
    possible = int(minute) < 60 and int(second or 0) <= 60 and int(zone_hours or 0) < 24 and int(zone_minutes or 0) < 60
    try:
        if not possible or int(hour) > 24 or (int(hour) == 24 and clock != timedelta(days=1)):
            raise ValueError
        midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
        return midnight + clock + (offset if sign == "-" else -offset)
    except (ValueError, OverflowError):
        raise RejectedError("bad_timestamp", f"{name} is {written}, which no clock shows: {_FIX}") from None
