"""The snapshot: a customer's timeline as versioned bytes, with what must be known of it without decoding it."""

import struct
from typing import NamedTuple

import msgspec

from schemas.events import AnyFact
from state.customer.customer import STAGE_NUMBERS, STAGES, Customer, first_seen
from state.customer.decided import Standing, stand, standing
from state.customer.packing import PackingError, unpack
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Emitted, Timeline

VERSION = 3
NEVER = -1
HEADER = struct.Struct(">BBq4s")


class Header(NamedTuple):
    """``due``: the next deadline (ms since 1970) or None; ``policy``: the mark of the version that decided it."""

    stage: str
    due: int | None
    policy: bytes


class SnapshotError(ValueError):
    """The bytes are no snapshot that this version can read."""


class _Stored(msgspec.Struct, array_like=True, gc=False):
    """A timeline without its head: that is the base (packed) with the tail taken in, and with what was decided since.

    ``at``, ``last_event_at`` and ``due`` are the head's; ``standing`` is None where the base's still holds.
    """

    base: bytes | None
    tail: list[AnyFact]
    emitted: list[Emitted]
    seq: int
    floor: int
    at: int | None = None
    last_event_at: int = 0
    due: int | None = None
    standing: Standing | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def dump(timeline: Timeline, rules: Rulebook) -> bytes:
    """The bytes of a timeline."""
    head = timeline.head
    stored = _Stored(timeline.base, timeline.tail, timeline.emitted, timeline.seq, timeline.floor)
    if not timeline.folded:
        stored.at, stored.last_event_at, stored.due = head.at, head.last_event_at, head.due
        now = standing(head)
        stored.standing = None if now == timeline.base_standing else now
    due = NEVER if head.due is None else head.due
    return HEADER.pack(VERSION, STAGE_NUMBERS[head.stage], due, rules.mark) + _encode(stored)


def read_header(snapshot: bytes) -> Header:
    """What is known without decoding the rest. Raises ``SnapshotError``."""
    if len(snapshot) <= HEADER.size or snapshot[0] != VERSION or snapshot[1] >= len(STAGES):
        raise SnapshotError(f"no snapshot of version {VERSION}: it begins with {snapshot[:2]!r}")
    _, stage, due, policy = HEADER.unpack_from(snapshot)
    return Header(STAGES[stage], None if due == NEVER else due, policy)


def restore(snapshot: bytes, rules: Rulebook) -> Timeline:
    """The timeline of the bytes. Raises ``SnapshotError``; a part that nobody needs yet is read, and fails, later."""
    read_header(snapshot)
    try:
        stored = _decode(memoryview(snapshot)[HEADER.size :])
        head = first_seen(stored.tail[0].at) if stored.base is None else unpack(stored.base)
        before = None if stored.base is None else standing(head)
        if stored.at is not None:
            _replay(head, stored, rules)
    except (msgspec.DecodeError, struct.error, UnicodeDecodeError, PackingError, IndexError, RecursionError) as error:
        raise SnapshotError(f"a snapshot does not decode: {error}") from None
    return Timeline(
        stored.base, stored.tail, stored.emitted, head, stored.seq, stored.floor, before, folded=stored.at is None
    )


def _replay(head: Customer, stored: _Stored, rules: Rulebook) -> None:
    for fact in stored.tail:
        rules.take_in(head, fact)
    head.at, head.last_event_at, head.due = stored.at or 0, stored.last_event_at, stored.due
    if stored.standing is not None:
        stand(head, stored.standing)
