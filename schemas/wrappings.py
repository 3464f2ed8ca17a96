"""Wrappings: what an event may come wrapped in, alone or with others."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable
from hashlib import blake2b

import msgspec
from msgspec import Raw

from schemas.coercion import NULL, Fields, as_json, fields_of, identifier, read_text, shown, text
from schemas.json_text import check_depth, mended
from schemas.reject import RejectedError

MAX_WRAPPINGS = 4
MAX_EVENTS = 2_500
FRAMED = b"\x00"
"""How Confluent's wire format begins."""


class _Around(msgspec.Struct, rename="camel", gc=False):
    user_id: str | None = None
    specversion: str | None = None
    context: Raw = NULL


_around = msgspec.json.Decoder(_Around).decode
_raw = msgspec.json.Decoder(Raw).decode
_read_list = msgspec.json.Decoder(list[Raw]).decode
_SHARED = (("sentAt", "sent_at"), ("receivedAt", "received_at"))
_MAX_SHARED = 64
_LIST_IN_LIST = "the value is a list of events in a list of events: send one list"


class SeveralEventsError(RejectedError):
    """Raised for a value that is a list of events: ``events`` are their values, each as it would stand alone.

    As a rejection, it is that of a list in a list.
    """

    def __init__(self, events: list[bytes]) -> None:
        super().__init__("invalid", _LIST_IN_LIST)
        self.events = events


def unframed(value: bytes) -> bytes:
    """Return the JSON in Confluent's wire format: a zero byte, four bytes of schema id, the JSON."""
    return value[5:] if value[:1] == FRAMED else value


def unwrapped(value: bytes, in_list: bool = False) -> Fields:
    """Return the fields of the event in a CloudEvent, in a Connect payload, or in a JSON text, one in another.

    Raises ``SeveralEventsError`` for a list of events, ``RejectedError`` for what holds none, and msgspec's
    ``DecodeError`` for what is not JSON.
    """
    whole = value
    for _ in range(MAX_WRAPPINGS + 1):
        content = _read(value)
        if content[:1] == b'"':
            value = _held(content)
            continue
        if content[:1] == b"[":
            raise RejectedError("invalid", _LIST_IN_LIST) if in_list else _several(content, {}, whole)
        if content[:1] != b"{":
            raise RejectedError("invalid", f"the value is {shown(content)}: send a JSON object")
        fields = fields_of(content, "the value")
        inner = _inner(fields)
        if inner is not None:
            value = inner
        elif _is_batch(fields):
            raise (
                RejectedError("invalid", _LIST_IN_LIST) if in_list else _several(bytes(fields["batch"]), fields, whole)
            )
        else:
            return fields
    raise RejectedError("invalid", f"the event is wrapped more than {MAX_WRAPPINGS} times: send it as it is")


def _read(value: bytes) -> bytes:
    """Return JSON, without blanks around it, out of what is JSON or nearly so. Raises ``DecodeError``."""
    check_depth(value)
    try:
        return bytes(_raw(value)).strip()
    except msgspec.DecodeError:
        return bytes(_raw(mended(value))).strip()


def _held(content: bytes) -> bytes:
    try:
        return _read(read_text(content).encode())
    except msgspec.DecodeError:
        told = f"the value is the text {shown(content)}, which holds no JSON: send a JSON object"
        raise RejectedError("invalid", told) from None


def _inner(fields: Fields) -> bytes | None:
    if _has(fields, "specversion"):
        return _cloud_data(fields)
    if _has(fields, "userId") or _has(fields, "user_id"):
        return None
    if _has(fields, "op") and (_has(fields, "before") or _has(fields, "after")):
        told = "the value is a Debezium change, which is a row and no event: map it to an event first"
        raise RejectedError("missing_user", told)
    if "schema" in fields and "payload" in fields:
        if not _has(fields, "payload"):
            raise RejectedError("missing_user", "the Kafka Connect payload is null: put the event into it")
        return bytes(fields["payload"])
    return None


def _is_batch(fields: Fields) -> bool:
    is_event = _has(fields, "userId") or _has(fields, "user_id")
    return not is_event and bytes(fields.get("batch", NULL))[:1] == b"["


def _several(content: bytes, around: Fields, whole: bytes) -> RejectedError:
    events = _read_list(content)
    if not events:
        return RejectedError("invalid", "the value is a list without any event: send an event")
    if len(events) > MAX_EVENTS:
        return RejectedError("too_large", f"the value is a list of {len(events)} events; the most is {MAX_EVENTS}")
    origin = id_made_of(whole)
    shared = {names: it for names in _SHARED if (it := _shared(around, names)) is not None}
    return SeveralEventsError([_alone(it, shared, f"{origin}#{place}") for place, it in enumerate(events, start=1)])


def _shared(around: Fields, names: Iterable[str]) -> Raw | None:
    """Return a time that a batch says of all of its events, if it may be one."""
    return next((around[name] for name in names if _has(around, name) and len(around[name]) <= _MAX_SHARED), None)


def _alone(event: Raw, shared: dict[tuple[str, str], Raw], origin: str) -> bytes:
    """Return an event of a list as it would stand alone, in one line: with what the list says of all, and with an id.

    ``origin`` makes the id of an event that has none.
    """
    try:
        fields = unwrapped(bytes(event), in_list=True)
        if identifier(fields, "messageId", "message_id") is None:
            fields["messageId"] = as_json(id_made_of(origin.encode()))
        for names, it in shared.items():
            if not any(_has(fields, name) for name in names):
                fields[names[0]] = it
        alone = bytes(as_json(fields))
    except (RejectedError, msgspec.DecodeError, UnicodeDecodeError):
        alone = bytes(event)  # it will be told what is wrong with it
    return alone.replace(b"\n", b" ").replace(b"\r", b" ")


def context_in(value: bytes) -> Raw:
    """Return the ``context`` of the event in a value, whatever that is wrapped in."""
    value = unframed(value)
    try:
        around = _around(value)
        if around.specversion is None and around.user_id is not None:
            return around.context
    except msgspec.DecodeError:
        pass
    return unwrapped(value).get("context", NULL)


def id_made_of(origin: bytes) -> str:
    """Return the messageId of an event that comes without one."""
    return blake2b(origin, digest_size=12).hexdigest()


def _cloud_data(fields: Fields) -> bytes:
    if _has(fields, "data"):
        return bytes(fields["data"])
    encoded = text(fields, "data_base64")
    if encoded is None:
        raise RejectedError("missing_user", "the CloudEvent has no data: put the event into its data")
    try:
        return b64decode(encoded, validate=True)
    except (Base64Error, ValueError):
        raise RejectedError("invalid", "data_base64 of the CloudEvent is not base64: send the event as data") from None


def _has(fields: Fields, name: str) -> bool:
    return bytes(fields.get(name, NULL)) != b"null"
