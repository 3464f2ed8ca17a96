"""Timestamps: the instant at which an event happened, as producers write it."""

from datetime import datetime

import msgspec

from schemas.coercion import NULL, Fields, shown
from schemas.reject import RejectedError

NO_ZONE = "timestamp names no time zone: add Z or an offset like +01:00"

_datetime = msgspec.json.Decoder(datetime).decode


def happened(fields: Fields) -> datetime:
    """Return when the event with these fields happened. Raises ``RejectedError``."""
    raw = bytes(fields.get("timestamp", NULL))
    if raw == b"null":
        raise RejectedError("missing_timestamp", "timestamp is missing: send when the event happened")
    try:
        return _datetime(raw)
    except msgspec.ValidationError:
        fix = "send an RFC 3339 text like 2017-12-31T23:59:59Z"
        raise RejectedError("bad_timestamp", f"timestamp is {shown(raw)}: {fix}") from None
