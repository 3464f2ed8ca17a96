"""The value of a record: the JSON in it, and the fields of the object that it is."""

import msgspec

from schemas.coercion import Fields
from schemas.json_text import MAX_DEPTH, check_depth
from schemas.reject import RejectedError
from schemas.wrappings import unframed, unwrapped

MAX_BYTES = 262_144


def fields_in(value: bytes) -> Fields:
    """Return the fields of the outer object, out of whatever it is wrapped in; it need not have a customer.

    Raises ``RejectedError``; for a list of events, that is a ``SeveralEventsError``.
    """
    try:
        return unwrapped(json_in(value))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedError("not_json", why_not_json(error)) from None
    except RecursionError:
        raise RejectedError("not_json", "the JSON is nested too deeply") from None


def json_in(value: bytes | None) -> bytes:
    """Return the JSON in a record's value. Raises ``RejectedError`` for one that cannot hold an event."""
    if value is None:
        raise RejectedError("tombstone", "the record has no value; an event has one")
    if len(value) > MAX_BYTES:
        raise RejectedError("too_large", f"the value has {len(value)} bytes; the most is {MAX_BYTES}")
    value = unframed(value)
    if len(value) > MAX_DEPTH:
        check_depth(value)
    return value


def why_not_json(error: msgspec.DecodeError | UnicodeDecodeError) -> str:
    """Return what is wrong with a value that is not JSON, and the fix."""
    if isinstance(error, UnicodeDecodeError) or "utf-8" in str(error).lower():
        return "the text is not UTF-8: write it in that encoding"
    return f"{error}: send one whole JSON object"
