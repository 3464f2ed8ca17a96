"""The snapshot: a customer's timeline as versioned bytes, with what must be known of it without decoding it."""

from struct import Struct
from typing import NamedTuple

import msgspec

from schemas.events import AnyFact
from state.customer import STAGES, Customer
from state.rulebook import Rulebook
from state.timeline import Emitted, Timeline, load

VERSION = 1
NEVER = -1
HEADER = Struct(">BBq8s")


class Header(NamedTuple):
    """``due``: the next deadline (ms since 1970) or None; ``policy``: the mark of the version that decided it."""

    stage: str
    due: int | None
    policy: bytes


class SnapshotError(ValueError):
    """The bytes are no snapshot that this version can read."""


class _Stored(msgspec.Struct, array_like=True):
    base: Customer | None
    tail: list[AnyFact]
    emitted: list[Emitted]
    seq: int
    floor: int
    at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def policy_mark(rules: Rulebook) -> bytes:
    """Eight bytes that tell one policy version from another."""
    return rules.version.rpartition("@")[2].encode()[:8].ljust(8)


def dump(timeline: Timeline, rules: Rulebook) -> bytes:
    """The bytes of a timeline."""
    head = timeline.head
    due = NEVER if head.due is None else head.due
    stored = _Stored(timeline.base, timeline.tail, timeline.emitted, timeline.seq, timeline.floor, head.at)
    return HEADER.pack(VERSION, STAGES.index(head.stage), due, policy_mark(rules)) + _encode(stored)


def read_header(snapshot: bytes) -> Header:
    """What is known without decoding the rest. Raises ``SnapshotError``."""
    if len(snapshot) <= HEADER.size or snapshot[0] != VERSION or snapshot[1] >= len(STAGES):
        raise SnapshotError(f"no snapshot of version {VERSION}: it begins with {snapshot[:2]!r}")
    _, stage, due, policy = HEADER.unpack_from(snapshot)
    return Header(STAGES[stage], None if due == NEVER else due, policy)


def restore(snapshot: bytes, rules: Rulebook) -> Timeline:
    """The timeline of the bytes. Raises ``SnapshotError``."""
    read_header(snapshot)
    try:
        stored = _decode(memoryview(snapshot)[HEADER.size :])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotError(f"a snapshot does not decode: {error}") from None
    return load(stored.base, stored.tail, stored.emitted, stored.seq, stored.floor, stored.at, rules)
