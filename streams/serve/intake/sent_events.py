"""Sent events: one event of a request as the record that it becomes, with what its SDK left to the server."""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import uuid4

import msgspec
from msgspec import UNSET, Raw, UnsetType

from schemas.coercion import Fields, as_json, fields_of, identifier, text
from schemas.forget_request import RESERVED
from schemas.json_text import mended
from schemas.record_value import MAX_BYTES, why_not_json
from schemas.reject import RejectedError
from schemas.spellings import folded
from schemas.wrappings import id_made_of
from streams.serve.intake.arrival import Arrival
from streams.sources.source import topic_of

TRACK = "track"
KINDS = (TRACK, "identify", "page", "screen", "group", "alias")
OTHER = "other"
_AS_SENT = (msgspec.DecodeError, UnicodeDecodeError)


class EventRecord(NamedTuple):
    """An event as a record: the kind of its topic, its key, value and time, and its type for the metrics.

    ``lack`` is why lifestage will reject it, as far as that is seen here, None if nothing is. ``is_moved``: its
    timestamp was corrected, since its sender's clock is wrong.
    """

    topic: str
    key: bytes | None
    value: bytes
    time: int
    type: str
    lack: RejectedError | None = None
    is_moved: bool = False


class _Whole(msgspec.Struct, rename="camel", gc=False):
    """What an event has that needs nothing of the server; each of the last four must be missing."""

    user_id: str
    message_id: str
    timestamp: datetime
    type: str = ""
    event: str | None = None
    sent_at: Raw | UnsetType = UNSET
    write_key: Raw | UnsetType = UNSET
    original_timestamp: Raw | UnsetType = UNSET
    specversion: Raw | UnsetType = UNSET

    def fits(self, kind: str | None) -> bool:
        """Tell whether nothing is missing, and nothing too much, of an event of this kind."""
        is_bare = self.sent_at is self.write_key is self.original_timestamp is self.specversion is UNSET
        is_named = bool(self.user_id and self.message_id and self.timestamp.tzinfo is not None)
        is_typed = self.type == kind or (bool(self.type) if kind is None else kind == TRACK and not self.type)
        return is_bare and is_named and is_typed


_whole = msgspec.json.Decoder(_Whole).decode


def record_of(sent: bytes, kind: str | None, arrival: Arrival) -> EventRecord:
    """Return the record of an event; ``kind`` is the type that its path says, None if the event must say it itself.

    What needs nothing is passed on byte for byte. Any other event, whatever it is, becomes a record too, so that what
    cannot be used is told among the rejects.
    """
    if arrival.is_punctual:
        try:
            whole = _whole(sent)
            if whole.fits(kind):
                name = whole.type or TRACK
                time = arrival.record_time(whole.timestamp)
                return _bounded(_topic(name, whole.event or ""), whole.user_id.encode(), sent, time, _type(name))
        except (*_AS_SENT, RecursionError):
            pass
    try:
        try:
            return _completed(fields_of(sent, "the event"), sent, kind, arrival)
        except _AS_SENT:
            return _completed(fields_of(mended(sent), "the event"), sent, kind, arrival)
    except RejectedError as error:
        lack = error
    except _AS_SENT as error:
        lack = RejectedError("not_json", why_not_json(error))
    except RecursionError:
        lack = RejectedError("not_json", "the JSON is nested too deeply")
    return _bounded(_topic(OTHER, ""), None, sent, arrival.at, OTHER, lack)


def _completed(fields: Fields, sent: bytes, kind: str | None, arrival: Arrival) -> EventRecord:
    """Return the record of an event with what it lacks. Raises msgspec's ``DecodeError``."""
    fields.pop("writeKey", None)  # a secret, and no part of the event
    time, is_moved, lacks = arrival.at, False, list[RejectedError]()
    name = kind or _text(fields, "type", lacks) or TRACK
    if kind is not None:
        fields["type"] = as_json(kind)
    event = _text(fields, "event", lacks) if folded(name) == TRACK else None
    user = _id(fields, lacks, "userId", "user_id")
    message_id = _id(fields, lacks, "messageId", "message_id")
    if user is None:
        lacks.append(RejectedError("missing_user", "userId is missing or empty: send the id of the customer"))
    try:
        moment, is_dated, is_moved = arrival.timed(fields)
        time = arrival.record_time(moment)
        if message_id is None and not lacks:
            # The same bytes are the same event, if they say when it happened.
            fields.pop("message_id", None)
            fields["messageId"] = as_json(id_made_of(sent) if is_dated else uuid4().hex)
    except RejectedError as error:
        lacks.append(error)
    key = user or _id(fields, [], "anonymousId", "anonymous_id")
    value = bytes(as_json(fields))
    lack = lacks[0] if lacks else None
    record = _bounded(_topic(name, event or ""), None if key is None else key.encode(), value, time, _type(name), lack)
    return record._replace(is_moved=is_moved)


def _bounded(
    topic: str, key: bytes | None, value: bytes, time: int, name: str, lack: RejectedError | None = None
) -> EventRecord:
    if len(value) > MAX_BYTES:
        told = f"the event has {len(value)} bytes; the most is {MAX_BYTES}"
        # A byte more than there may be: it is rejected for its size, and its beginning is kept.
        value, lack = value[: MAX_BYTES + 1], RejectedError("too_large", told)
    if key is not None and key.startswith(RESERVED.encode()):
        key = None  # of lifestage's own records, which nobody can send as an event
    return EventRecord(topic, key, value, time, name, lack)


def _text(fields: Fields, name: str, lacks: list[RejectedError]) -> str | None:
    try:
        return text(fields, name)
    except RejectedError as error:
        lacks.append(error)
        return None


def _id(fields: Fields, lacks: list[RejectedError], *names: str) -> str | None:
    try:
        return identifier(fields, *names)
    except RejectedError as error:
        lacks.append(error)
        return None


@lru_cache(maxsize=1024)  # a producer's names come again and again
def _topic(kind: str, event: str) -> str:
    return topic_of(kind, event)


@lru_cache(maxsize=1024)
def _type(kind: str) -> str:
    plain = folded(kind)
    return plain if plain in KINDS else OTHER
