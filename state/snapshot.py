"""The snapshot: a customer's timeline as versioned bytes, with what must be known of it without decoding it."""

from operator import attrgetter
from struct import Struct
from typing import NamedTuple

import msgspec

from schemas.events import AnyFact
from state.customer import STAGES, Customer, first_seen
from state.packing import PackingError, pack, unpack
from state.rulebook import Rulebook
from state.timeline import Emitted, Timeline

VERSION = 2
NEVER = -1
HEADER = Struct(">BBq4s")


class Header(NamedTuple):
    """``due``: the next deadline (ms since 1970) or None; ``policy``: the mark of the version that decided it."""

    stage: str
    due: int | None
    policy: bytes


class SnapshotError(ValueError):
    """The bytes are no snapshot that this version can read."""


class _Standing(msgspec.Struct, array_like=True, gc=False):
    """What was decided of a customer; ``DECIDED`` names the same fields of ``Customer``."""

    stage: str
    since: int
    why: str
    cause: str
    loyal_since: int | None
    memberships: dict[str, int]
    expected: str | None
    expected_at: int | None


class _Stored(msgspec.Struct, array_like=True, gc=False):
    """A timeline without its head: that is the base (packed) with the tail taken in, and with what was decided since.

    ``at``, ``heard_at`` and ``due`` are the head's; ``standing`` is None where the base's still holds.
    """

    base: bytes | None
    tail: list[AnyFact]
    emitted: list[Emitted]
    seq: int
    floor: int
    at: int | None = None
    heard_at: int = 0
    due: int | None = None
    standing: _Standing | None = None


DECIDED = _Standing.__struct_fields__
_standing = attrgetter(*DECIDED)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def dump(timeline: Timeline, rules: Rulebook) -> bytes:
    """The bytes of a timeline."""
    base, head = timeline.base, timeline.head
    if timeline.packed is None and base is not None:
        timeline.packed = pack(base)
    stored = _Stored(timeline.packed, timeline.tail, timeline.emitted, timeline.seq, timeline.floor)
    if head is not base:
        stored.at, stored.heard_at, stored.due = head.at, head.heard_at, head.due
        standing = _standing(head)
        stored.standing = None if base is not None and standing == _standing(base) else _Standing(*standing)
    due = NEVER if head.due is None else head.due
    return HEADER.pack(VERSION, STAGES.index(head.stage), due, rules.mark) + _encode(stored)


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
        base = None if stored.base is None else unpack(stored.base)
        head = _head(base, stored, rules)
    except (msgspec.DecodeError, UnicodeDecodeError, PackingError, IndexError, RecursionError) as error:
        raise SnapshotError(f"a snapshot does not decode: {error}") from None
    return Timeline(base, stored.tail, stored.emitted, head, stored.seq, stored.floor, stored.base)


def _head(base: Customer | None, stored: _Stored, rules: Rulebook) -> Customer:
    tail = stored.tail
    if base is not None and stored.at is None:
        return base
    head = first_seen(tail[0].at) if base is None else base.copy(tail)
    for fact in tail:
        rules.take_in(head, fact)
    head.at, head.heard_at, head.due = stored.at or 0, stored.heard_at, stored.due
    if stored.standing is not None:
        for name, value in zip(DECIDED, msgspec.structs.astuple(stored.standing), strict=True):
            setattr(head, name, value)
    return head
