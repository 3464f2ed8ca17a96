"""Requests: the events in a body, with what it says of all of them."""

from http import HTTPStatus
from typing import NamedTuple

import msgspec
from msgspec import Raw

from schemas.coercion import NULL, read_text, shown
from schemas.json_text import mended
from schemas.record_value import why_not_json
from schemas.wrappings import MAX_EVENTS
from streams.serve.problems import ProblemError

MAX_BYTES = 4 * 1024 * 1024
"""The most that a body may have, unpacked: what RudderStack's SDKs send at once; Segment's stop at 500 KB."""


class Sent(NamedTuple):
    """The events of a request, each as it was sent; ``sent`` is the body's ``sentAt``, ``write_key`` empty if none."""

    events: list[Raw]
    sent: Raw
    write_key: str


class _Body(msgspec.Struct, rename="camel", gc=False):
    batch: Raw = NULL
    sent_at: Raw = NULL
    write_key: Raw = NULL


_body = msgspec.json.Decoder(_Body).decode
_events = msgspec.json.Decoder(list[Raw]).decode


def read_sent(body: bytes, *, is_batch: bool) -> Sent:
    """Return the events in a body: of a batch, or the one that it is. Raises ``ProblemError`` with place and mend."""
    try:
        return _read(body, is_batch)
    except ProblemError:
        raise
    except RecursionError:
        raise _unusable("body: it is nested too deeply: send JSON without so many levels") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return _read(mended(body), is_batch)
    except msgspec.ValidationError:
        raise _unusable(f"body: it is {shown(body.strip())}: send a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unusable(f"body: {why_not_json(error)}") from None


def _read(body: bytes, is_batch: bool) -> Sent:
    told = _body(body)
    key = read_text(told.write_key) if bytes(told.write_key)[:1] == b'"' else ""
    if not is_batch:
        return Sent([Raw(body)], NULL, key)
    if bytes(told.batch)[:1] != b"[":
        raise _unusable(f"batch: it is {shown(bytes(told.batch))}: send a list of events")
    events = _events(told.batch)
    if not events:
        raise _unusable("batch: there is no event in it: send 1 to 2500")
    if len(events) > MAX_EVENTS:
        told_of = f"batch: there are {len(events)} events: send {MAX_EVENTS} at once at most"
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told_of)
    return Sent(events, told.sent_at, key)


def _unusable(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, detail)
