"""Rejects: records that could not be used, with the reason; the values of the rejects topic."""

from base64 import b64decode, b64encode

import msgspec
import orjson

from schemas import instant

MAX_KEPT_BYTES = 65_536

REASONS = (
    "tombstone",
    "too_large",
    "not_json",
    "invalid",
    "missing_user",
    "missing_timestamp",
    "missing_account",
    "placeholder_user",
    "bad_timestamp",
    "bad_amount",
    "unknown_currency",
    "key_mismatch",
    "misplaced",
    "conflict",
    "from_the_future",
    "late",
    "forgotten",
    "unknown_customer",
    "customer_forgotten",
    "poison",
)
"""Every reason there is, in the order of docs/events.md."""
FORGOTTEN_CUSTOMER = "customer_forgotten"
"""The one reason of which neither key nor bytes are kept."""


class RejectedError(Exception):
    """Raised for an event that cannot be used: ``reason`` is a code of docs/events.md, ``detail`` explains it."""

    def __init__(self, reason: str, detail: str, user_id: str | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.user_id = user_id

    def within(self, place: str) -> "RejectedError":
        """Return the same rejection, which says where in its record the event stands."""
        return RejectedError(self.reason, f"{place}: {self.detail}", self.user_id)


class Reject(msgspec.Struct, rename="camel"):
    """One rejected record: where it stood, what was wrong, and its bytes (base64), unless its customer was forgotten.

    A value longer than 64 KiB is kept only in its first 64 KiB (``truncated``); the whole one is still on the
    input topic at ``topic``, ``partition``, ``offset``.
    """

    reason: str
    detail: str
    topic: str
    partition: int
    offset: int
    timestamp: str
    key: str | None
    value: str | None
    value_bytes: int
    truncated: bool

    def key_bytes(self) -> bytes | None:
        """Return the record's key as the producer wrote it."""
        return None if self.key is None else b64decode(self.key)

    def kept_value(self) -> bytes | None:
        """Return the record's value as the producer wrote it, or its first part if ``truncated``."""
        return None if self.value is None else b64decode(self.value)


def reject(
    error: RejectedError,
    *,
    topic: str,
    partition: int,
    offset: int,
    time: int,
    key: bytes | None,
    value: bytes | None,
) -> bytes:
    """Return the reject's JSON for the record that raised ``error``; ``time`` is the record's, in ms since 1970."""
    return orjson.dumps(
        {
            "reason": error.reason,
            "detail": error.detail,
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "timestamp": instant.to_text(time),
            "key": None if key is None else b64encode(key).decode(),
            "value": None if value is None else b64encode(value[:MAX_KEPT_BYTES]).decode(),
            "valueBytes": len(value or b""),
            "truncated": len(value or b"") > MAX_KEPT_BYTES,
        }
    )


def rejected_line(line: int, event: int, reason: str, detail: str, value: bytes | None) -> bytes:
    """Return the JSON about a line of a file that could not be used; ``value`` are its bytes, None if they are gone.

    ``event`` is the place of the event in a line that is a list of events, 0 in any other.
    """
    place = {"line": line, "event": event} if event else {"line": line}
    kept = None if value is None else value[:MAX_KEPT_BYTES].decode("utf-8", "replace")
    made = orjson.dumps(place | {"reason": reason, "detail": detail, "value": kept})
    return bytes(memoryview(made))  # a copy: the other keeps its whole buffer of kilobytes


read_reject = msgspec.json.Decoder(Reject).decode
