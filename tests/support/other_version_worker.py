"""A real worker of another version of snapshots: ``python -m tests.support.other_version_worker previous|next``.

It is the present code with snapshots of the version before, or of the one that comes, at its doors. As every worker
does, it stops what a version newer than its own has written.
"""

import os
import sys
from collections.abc import MutableMapping

import msgspec
from cramjam import lz4

from agents.batch import Batch, Outcome
from agents.tracker import Tracker
from state.customer.delta_coding import delta_encode
from state.customer.packing import unpack
from state.timeline.snapshot import HEADER, VERSION
from state.timeline.stored_version import Readable
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build
from streams.worker import run

PREVIOUS, NEXT = VERSION - 1, VERSION + 1
_encode = msgspec.msgpack.Encoder().encode
_fields = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode


def in_version_4(snapshot: bytes) -> bytes:
    """Return a snapshot of version 5 as version 4 wrote it, for the few orders of the test."""
    base, *others = _fields(snapshot[HEADER.size :])
    packed = msgspec.msgpack.decode(base)
    fields = (None if packed is None else _customer(packed), *others)
    return bytes((4,)) + snapshot[1 : HEADER.size] + _encode(fields)


def _customer(packed: bytes) -> bytes:
    it, fields = unpack(packed), _fields(bytes(lz4.decompress_block(packed)))
    rows, engagement, support = it.purchases.rows, it.engagement, it.support
    ids = b"".join(number.to_bytes(8) for number in rows.ids)
    assert not it.purchases.archive.blocks and not rows.details
    orders = ids, delta_encode(rows.ats), delta_encode(rows.days), rows.nets, rows.items, None
    occasions = it.purchases.count() - it.purchases.occasions, (it.purchases.last() or 0) - it.purchases.occasion_at
    parts = (
        _encode((orders, it.purchases.refunds.packed(), it.purchases.baskets, *occasions)),
        _encode((engagement.daily.packed(), engagement.last_visit)),
        _encode((support.open, support.daily.packed(), support.last_rating, support.rated_at)),
    )
    nothing: dict[str, int] = {}
    assert len(fields) == 18, "nothing that few customers have"
    least = (*fields[:3], *parts, *fields[6:13], nothing, *fields[13:18], b"", *[nothing] * 5)
    return bytes(lz4.compress_block(_encode(least)))


class Previous(Tracker):
    """A tracker that writes the version before, and reads none after it."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the changelog."""
        if value is not None:
            Readable("snapshots", PREVIOUS, PREVIOUS).check(value[0])
        super().restore(key, value)

    def compute(self, batch: Batch) -> Outcome:
        """Return what follows from a batch."""
        outcome = super().compute(batch)
        outcome.changes = {key: it and in_version_4(it) for key, it in outcome.changes.items()}
        return outcome


class Next(Tracker):
    """A tracker that writes a version to come, which is laid out as the present one."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the changelog."""
        super().restore(key, None if value is None else _with_version(value, min(value[0], VERSION)))

    def compute(self, batch: Batch) -> Outcome:
        """Return what follows from a batch."""
        outcome = super().compute(batch)
        outcome.changes = {key: it and _with_version(it, NEXT) for key, it in outcome.changes.items()}
        return outcome

    def apply(self, outcome: Outcome) -> None:
        """Take over an outcome that is committed."""
        outcome.changes = {key: it and _with_version(it, VERSION) for key, it in outcome.changes.items()}
        super().apply(outcome)


def _with_version(snapshot: bytes, version: int) -> bytes:
    return bytes((version,)) + snapshot[1:]


TRACKERS: dict[str, type[Tracker]] = {"previous": Previous, "next": Next}


def main() -> None:
    """Run until asked to end."""
    settings = Settings.from_environment(os.environ)
    rules, tracker = load_rules(settings.policy), TRACKERS[sys.argv[1]]

    def group_state(partition: int, table: MutableMapping[bytes, bytes]) -> Tracker:
        return tracker(rules, partition, table)

    run(build(settings, rules, group_state=group_state), settings)


if __name__ == "__main__":
    main()
