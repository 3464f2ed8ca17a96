"""The snapshot: a customer's timeline as versioned bytes, with a header that is read without decoding the rest."""

import struct
from typing import NamedTuple

import msgspec

from schemas.events import AnyFact, RepublishRequested
from state.customer.customer import Customer
from state.customer.decided import DecidedState, decided_of, decided_state, restore_decided
from state.customer.empty_end import without_empty_end
from state.customer.stored_names import OTHER_STAGE, stage_of, stored_stage
from state.rules.retention import become_forgotten, begin_anew, is_forgotten
from state.rules.rulebook import Rulebook
from state.timeline.corrections import Emitted
from state.timeline.older_versions import STEPS, in_present_version
from state.timeline.stored_version import Readable
from state.timeline.timeline import Timeline, at_base

VERSION = 5
READABLE = Readable("snapshots", oldest=min(STEPS), newest=VERSION)
_VERSIONS = frozenset(bytes((version,)) for version in range(1, 32))
"""What can be a version: neither text nor zeros, which something else has written."""
NEVER = -1
HEADER = struct.Struct(">BBq4s")


class Header(NamedTuple):
    """The stage, the next deadline (ms since 1970, or None), and the fingerprint of the policy that decided both."""

    stage: str
    due: int | None
    fingerprint: bytes


class SnapshotError(ValueError):
    """Raised for bytes that are no snapshot of the version with which they begin."""


class _Stored(msgspec.Struct, array_like=True, gc=False):
    """A timeline without its head: that is rebuilt from the packed base, the tail, and what was decided since.

    ``at`` and ``last_event_at`` are the head's, left out where the head is the base. ``decided`` is the head's too,
    None where it is that of the base. The head's ``due`` is in the header. ``activity`` is the head's too, None if
    there is none: under another policy the tail would give another one. What is empty at the end is left out.
    """

    base: bytes | None
    tail: list[AnyFact]
    emitted: list[Emitted]
    seq: int
    closed_before: int
    at: int | None = None
    last_event_at: int = 0
    decided: DecidedState | None = None
    twins: list[AnyFact] = []
    activity: bytes | None = None


_ALWAYS = _Stored.__struct_fields__.index("decided")
"""So many fields are stored of a timeline whose head is not the base."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def dump(timeline: Timeline, rules: Rulebook) -> bytes:
    """Return the bytes of a timeline."""
    head = timeline.head
    stored: tuple[object, ...]
    stored = timeline.base, timeline.tail, timeline.emitted, timeline.seq, timeline.closed_before
    if not timeline.folded:
        changed = None if decided_of(head) == timeline.base_decided else decided_state(head)
        stored += head.at, head.last_event_at, changed, timeline.twins, head.packed_activity() or None
        stored = without_empty_end(stored, _ALWAYS)
    due = NEVER if head.due is None else head.due
    stage = stored_stage(head.stage)
    if isinstance(stage, int):
        return HEADER.pack(VERSION, stage, due, rules.fingerprint) + _encode(stored)
    name = stage.encode()
    return HEADER.pack(VERSION, OTHER_STAGE, due, rules.fingerprint) + bytes((len(name),)) + name + _encode(stored)


def read_header(snapshot: bytes) -> Header:
    """Return the header of a snapshot, which is the same in all versions that are read.

    Raises ``StoredVersionError`` for another version, and ``SnapshotError``.
    """
    if len(snapshot) <= HEADER.size or snapshot[0] != VERSION:
        _check(snapshot)
    _, number, due, fingerprint = HEADER.unpack_from(snapshot)
    try:
        stage = (
            str(snapshot[HEADER.size + 1 : _begin(snapshot)], "utf-8") if number == OTHER_STAGE else stage_of(number)
        )
    except (UnicodeDecodeError, IndexError) as error:
        raise SnapshotError(f"a snapshot's stage does not decode: {error}") from None
    return Header(stage, None if due == NEVER else due, fingerprint)


def _check(snapshot: bytes) -> None:
    if snapshot[:1] in _VERSIONS:
        READABLE.check(snapshot[0])
        if len(snapshot) > HEADER.size:
            return
    raise SnapshotError(f"no snapshot: it has {len(snapshot)} bytes and begins with {snapshot[:2]!r}")


def known_header(snapshot: bytes | None) -> Header | None:
    """Return the header of a snapshot, None where there is none. Raises ``StoredVersionError``.

    A snapshot that cannot be read is kept as it is: the customer's next event becomes a reject that says so. One of a
    version that cannot be read is none of one customer's troubles: its partition must not be opened.
    """
    try:
        return None if snapshot is None else read_header(snapshot)
    except SnapshotError:
        return None


def _begin(snapshot: bytes) -> int:
    """Return where the timeline begins: after the header, and after the name of a stage that has no number."""
    return HEADER.size + (1 + snapshot[HEADER.size] if snapshot[1] == OTHER_STAGE else 0)


def load(snapshot: bytes, rules: Rulebook, user_id: str = "") -> Timeline:
    """Return the timeline of the bytes, which are those of this customer.

    Raises ``StoredVersionError`` for another version, and ``SnapshotError``.
    The aggregates are decoded only when they are needed, and an error in one of them is raised then.
    """
    header = read_header(snapshot)
    try:
        if snapshot[0] != VERSION:
            snapshot = in_present_version(snapshot)
        stored = _decode(memoryview(snapshot)[_begin(snapshot) :])
        head = at_base(stored.base, stored.tail, rules, user_id)
        base_decided = None if stored.base is None else decided_of(head)
        if stored.at is not None:
            _apply_tail(head, stored, rules)
            head.at, head.due = stored.at, header.due
            if header.fingerprint != rules.fingerprint:
                head.activity_lazy = stored.activity or b""
    except (msgspec.DecodeError, struct.error, ValueError, IndexError, RecursionError) as error:
        raise SnapshotError(f"a snapshot does not decode: {error}") from None
    return Timeline(
        base=stored.base,
        tail=stored.tail,
        emitted=stored.emitted,
        head=head,
        seq=stored.seq,
        closed_before=stored.closed_before,
        base_decided=base_decided,
        folded=stored.at is None,
        twins=stored.twins,
    )


def _apply_tail(head: Customer, stored: _Stored, rules: Rulebook) -> None:
    gone_at = 0
    if stored.emitted:
        gone_at = max((it.change.at for it in stored.emitted if it.stands and it.change.is_forgotten), default=0)
    for fact in stored.tail:
        if fact.at < gone_at or type(fact) is RepublishRequested:
            continue  # what was forgotten since the base, and what is no more than asked
        if is_forgotten(head) or (gone_at and head.first_event_at < gone_at):
            begin_anew(head, fact.at, rules.first_stage)
        rules.apply_event(head, fact)
    if gone_at and head.first_event_at < gone_at:
        become_forgotten(head, gone_at)
    head.last_event_at = stored.last_event_at
    if stored.decided is not None:
        restore_decided(head, stored.decided)
