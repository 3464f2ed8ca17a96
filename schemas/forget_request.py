"""Requests to forget a customer, or to take their events again: control records of an input topic.

They are no events: their key is one that no customer can have, so that nothing that a producer sends about a customer
is ever read as one.
"""

from typing import Literal

import msgspec

from schemas.coercion import MAX_TEXT
from schemas.reject import RejectedError

RESERVED = "\x00"
"""How keys begin that are lifestage's own; no customer's id begins so."""
REQUEST_KEY = b"\x00forget"
BY_REQUEST = "request"
"""The reason that is told where nobody gave one."""
MAX_REASON = 200


class ForgetRequest(msgspec.Struct, frozen=True):
    """What is asked about a customer: ``forget`` all that is kept of them, or ``allow`` their events again.

    ``id`` becomes part of the message's id, ``reason`` stands in the message.
    """

    type: Literal["forget", "allow"]
    customer: str
    id: str
    reason: str = BY_REQUEST


def write_request(request: ForgetRequest) -> bytes:
    """Return the value of a request's record."""
    return msgspec.json.encode(request)


def read_request(value: bytes | None) -> ForgetRequest:
    """Return the request in a record's value. Raises ``RejectedError``."""
    try:
        request = _decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RejectedError("invalid", "no request to forget: send it with lifestage forget") from None
    if not 0 < len(request.customer) <= MAX_TEXT or len(request.id) > MAX_TEXT or len(request.reason) > MAX_REASON:
        raise RejectedError("invalid", "a request to forget names nobody, or is too long: use lifestage forget")
    return request


_decode = msgspec.json.Decoder(ForgetRequest).decode
