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
from state.customer.customer import Customer
from state.customer.packing import unpack
from state.customer.silence import SILENCES
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import HEADER, VERSION, load
from state.timeline.stored_version import Readable
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build
from streams.worker import run

PREVIOUS, NEXT = VERSION - 1, VERSION + 1
_encode = msgspec.msgpack.Encoder().encode


def in_version_5(snapshot: bytes, rules: Rulebook) -> bytes:
    """Return a snapshot of version 6 as version 5 wrote it, for the few things that the test's customers have."""
    timeline = load(snapshot, rules)
    head, tail, base = timeline.head, timeline.tail.facts, timeline.base
    fields: tuple[object, ...]
    fields = None if base is None else _customer(base), tail, timeline.emitted, timeline.seq, timeline.closed_before
    if not timeline.folded:
        fields += head.at, head.last_event_at, _decided(head), timeline.twins, head.activity.packed() or None
    return bytes((5,)) + snapshot[1 : HEADER.size] + _encode(fields)


def _customer(packed: bytes) -> bytes:
    it = unpack(packed)
    at, nothing = it.at, dict[str, int]()
    fields = (
        at,
        at - it.first_event_at,
        at - it.last_event_at,
        it.stored_purchases,
        it.stored_engagement,
        it.stored_support,
        it.traits,
        _standing(it),
        at - it.since,
        it.why,
        it.cause,
        it.previous_stage,
        it.previous_ms,
        None if it.loyal_since is None else at - it.loyal_since,
        {key: at - since for key, since in it.memberships.items()},
        None if it.due is None else it.due - at,
        it.expected,
        None if it.expected_at is None else it.expected_at - at,
        nothing,
        it.stored_activity,
    )
    return bytes(lz4.compress_block(_encode(fields)))


def _decided(it: Customer) -> tuple[object, ...]:
    assert not (it.steps or it.held or it.past_stays or it.past_memberships or it.signals or it.past_steps)
    before = it.previous_stage, it.previous_ms, dict[str, int]()
    return (
        _standing(it),
        it.since,
        it.why,
        it.cause,
        *before,
        it.loyal_since,
        it.memberships,
        it.expected,
        it.expected_at,
    )


def _standing(it: Customer) -> str:
    return f"{SILENCES.index(it.silence)}{it.stage}"


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
        rules = self._rules
        outcome.changes = {key: it and in_version_5(it, rules) for key, it in outcome.changes.items()}
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
