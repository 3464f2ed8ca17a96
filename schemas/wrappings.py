"""Wrappings: what an event may come wrapped in, and what is no single event."""

from base64 import b64decode
from binascii import Error as Base64Error

import msgspec
from msgspec import Raw

from schemas.coercion import NULL, Fields, fields_of, read_text, shown, text
from schemas.reject import RejectedError

MAX_WRAPPINGS = 4

_raw = msgspec.json.Decoder(Raw).decode
_BATCH = "send its events one by one, each as a record of its own"


def unframed(value: bytes) -> bytes:
    """Return the JSON in Confluent's wire format: a zero byte, four bytes of schema id, the JSON."""
    return value[5:] if value[:1] == b"\x00" else value


def unwrapped(value: bytes) -> Fields:
    """Return the fields of the event in a CloudEvent, in a Connect payload, or in a JSON text, one in another.

    Raises ``RejectedError`` for what holds no event or several, and msgspec's ``DecodeError`` for what is not JSON.
    """
    for _ in range(MAX_WRAPPINGS + 1):
        content = bytes(_raw(value)).strip()
        if content[:1] == b'"':
            value = _held(content)
            continue
        if content[:1] == b"[":
            raise RejectedError("invalid", f"the value is a JSON array: {_BATCH}")
        if content[:1] != b"{":
            raise RejectedError("invalid", f"the value is {shown(content)}: send a JSON object")
        fields = fields_of(content, "the value")
        inner = _inner(fields)
        if inner is None:
            return fields
        value = inner
    raise RejectedError("invalid", f"the event is wrapped more than {MAX_WRAPPINGS} times: send it as it is")


def _held(content: bytes) -> bytes:
    value = read_text(content).encode()
    try:
        return bytes(_raw(value))
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
    if bytes(fields.get("batch", NULL))[:1] == b"[":
        raise RejectedError("missing_user", f"the value is a Segment batch of events: {_BATCH}")
    return None


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
