"""The marks of customers who were forgotten on request: in the changelog, by a hash of the id and not the id itself."""

import struct
from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

MARK_PREFIX = b"\x00forgotten"
_NOT_ALLOWED = -1
_STORED = struct.Struct(">qq")


class Mark(NamedTuple):
    """When a customer was forgotten, and when their events were allowed again, None while they are not (ms since 1970).

    No event that lies at ``closed_until`` or before is taken, or it could be told a second time under the same id.
    """

    forgotten_at: int
    allowed_at: int | None

    @property
    def closed_until(self) -> int:
        """The last instant of which no event is taken once events are allowed."""
        return max(self.forgotten_at, self.allowed_at or 0)

    def packed(self) -> bytes:
        """Return the bytes of the changelog."""
        return _STORED.pack(self.forgotten_at, _NOT_ALLOWED if self.allowed_at is None else self.allowed_at)


def mark_key(customer: bytes) -> bytes:
    """Return the key of a customer's mark: a plain hash, which tells nobody who it is that does not guess the id."""
    return MARK_PREFIX + blake2b(customer, digest_size=16).digest()


def is_mark(key: bytes) -> bool:
    """Tell whether a key of the changelog is that of a mark."""
    return key.startswith(MARK_PREFIX)


def read_mark(value: bytes) -> Mark:
    """Return the mark of its bytes."""
    forgotten_at, allowed_at = _STORED.unpack(value)
    return Mark(forgotten_at, None if allowed_at == _NOT_ALLOWED else allowed_at)


class ForgottenMarks:
    """The marks of one partition group, as of its last commit."""

    def __init__(self) -> None:
        self.stored: dict[bytes, bytes] = {}

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take over what is committed."""
        if value is None:
            self.stored.pop(key, None)
        else:
            self.stored[key] = value

    def of(self, customer: bytes, pending: Mapping[bytes, bytes | None]) -> Mark | None:
        """Return the mark of a customer, ``pending`` changes of a batch included, None if there is none."""
        key = mark_key(customer)
        value = pending[key] if key in pending else self.stored.get(key)
        if value is None:
            return None
        return read_mark(value)
