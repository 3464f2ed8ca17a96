"""The snapshot: a customer's timeline as versioned bytes, with a header that is read without decoding the rest.

What follows the header is compressed as a whole with LZ4, which costs a tenth of what zlib does: of the customer as of
the base, which is beside the head, little is new.
"""

import struct
from typing import NamedTuple

import msgspec
from msgspec import Raw

from schemas.events import AnyFact
from state.customer.empty_end import without_empty_end
from state.customer.packing import pack, unpack
from state.customer.stored_names import OTHER_STAGE, stage_of, stored_stage
from state.rules.rulebook import Rulebook
from state.timeline import from_version_5
from state.timeline.compression import MAX_BYTES, compressed, decompressed
from state.timeline.corrections import Emitted
from state.timeline.older_versions import STEPS, in_version_5
from state.timeline.stored_version import Readable
from state.timeline.tail import Tail
from state.timeline.timeline import Timeline

VERSION = 6
READABLE = Readable("snapshots", oldest=min(STEPS), newest=VERSION)
_PRESENT = bytes((VERSION,))
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


_AS_HEAD = b""
"""The base of a timeline whose head equals it."""


class _Stored(msgspec.Struct, array_like=True, gc=False):
    """A timeline: ``tail``, ``count``, ``begin`` and ``end`` are those of ``Tail``.

    ``base`` is None where there is none. What is empty at the end is left out.
    """

    head: Raw
    seq: int = 0
    closed_before: int = 0
    base: bytes | None = _AS_HEAD
    tail: bytes = b""
    count: int = 0
    begin: int = 0
    end: int = 0
    emitted: list[Emitted] = []
    twins: list[AnyFact] = []


_ALWAYS = _Stored.__struct_fields__.index("tail")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def dump(timeline: Timeline, rules: Rulebook) -> bytes:
    """Return the bytes of a timeline. Raises ``SnapshotError`` where they would be too many to be read again."""
    head, tail, packed = timeline.head, timeline.tail, pack(timeline.head)
    fields = (
        Raw(packed),
        timeline.seq,
        timeline.closed_before,
        _AS_HEAD if timeline.base == packed else timeline.base,
        tail.stored,
        tail.count,
        tail.begin,
        tail.end,
        timeline.emitted,
        timeline.twins,
    )
    encoded = _encode(without_empty_end(fields, _ALWAYS))
    if len(encoded) > MAX_BYTES:
        raise SnapshotError(f"a snapshot of {len(encoded):,} bytes would be larger than any that is read")
    stored = compressed(encoded)
    due = NEVER if head.due is None else head.due
    stage = stored_stage(head.stage)
    if isinstance(stage, int):
        return HEADER.pack(VERSION, stage, due, rules.fingerprint) + stored
    name = stage.encode()
    return HEADER.pack(VERSION, OTHER_STAGE, due, rules.fingerprint) + bytes((len(name),)) + name + stored


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
    older = None if snapshot.startswith(_PRESENT) else read_header(snapshot)
    try:
        if older is not None:
            return _of_older_version(snapshot, older, rules, user_id)
        stored = _decode(decompressed(memoryview(snapshot)[_begin(snapshot) :]))
        head = unpack(stored.head)
    except (msgspec.DecodeError, struct.error, ValueError, IndexError, OverflowError, RecursionError) as error:
        raise SnapshotError(f"a snapshot does not decode: {error}") from None
    head.user_id = user_id
    is_as_head = stored.base == _AS_HEAD
    return Timeline(
        base=bytes(stored.head) if is_as_head else stored.base,
        tail=Tail(stored.tail, stored.count, stored.begin, stored.end),
        emitted=stored.emitted,
        head=head,
        seq=stored.seq,
        closed_before=stored.closed_before,
        folded=is_as_head and not (stored.count or stored.emitted or stored.twins),
        twins=stored.twins,
    )


def _of_older_version(snapshot: bytes, header: Header, rules: Rulebook, user_id: str) -> Timeline:
    snapshot = in_version_5(snapshot)
    decided_by_others = header.fingerprint != rules.fingerprint
    stored = snapshot[_begin(snapshot) :]
    return from_version_5.timeline(stored, header.due, rules, user_id, decided_by_others=decided_by_others)
