"""The deliberate skipping of input records that are gone before they were processed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agents.batch import Batch, Outcome
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Timeline
from streams.partitions.changelog import read_changelogs
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import encode_position
from streams.partitions.transaction import GroupTransaction
from streams.settings import Settings
from streams.topics import TopicsError


class NoCustomers:
    """A group state that keeps nothing: only the position is read and moved."""

    upto = 0
    stages: Mapping[str, int] = {}

    def keys(self) -> Iterable[bytes]:
        """Return no customer."""
        return ()

    def snapshot(self, key: bytes) -> bytes | None:
        """Return no customer."""

    def timeline(self, key: bytes) -> Timeline | None:
        """Return no customer."""

    def rules_of(self, key: bytes) -> Rulebook:
        """Raise ``KeyError``: there is no customer."""
        raise KeyError(key)

    def enforce(self, rules: Rulebook, since: int | None, *, silently: bool = False, closes_past: bool = False) -> None:
        """Ignore a policy: nobody is decided."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Ignore a customer."""

    def compute(self, batch: Batch) -> Outcome:
        """Return no effects."""
        return Outcome(batch.upto)

    def apply(self, outcome: Outcome) -> None:
        """Apply nothing."""

    def due(self) -> int | None:
        """Return no deadline."""
        return None


async def skip(settings: Settings, partition: int) -> dict[str, int]:
    """Move a partition's position to where its logs can go on now; return the new offsets by topic.

    A worker that still has the partition is fenced by this, and opens it again at the new position. Raises
    ``TopicsError`` if it is stopped for another reason, and what ``read_changelogs`` raises.
    """
    transaction = GroupTransaction(settings, partition)
    try:
        await transaction.fence()
        group = PartitionGroup(partition, settings, NoCustomers())
        await read_changelogs(settings, [group])
        before = group.position
        if group.unreadable or (group.status.reason and not group.lost):
            raise TopicsError(group.status.reason)
        if before is None or not group.lost:
            return {}
        ids = {**before.topic_ids, **{topic: group.topic_ids[topic] for topic in group.lost if group.topic_ids}}
        position = replace(before, positions={**before.positions, **group.lost}, topic_ids=ids)
        await transaction.begin()
        await transaction.send_changes({}, encode_position(position))
        await transaction.acknowledged()
        await transaction.commit()
        return group.lost
    finally:
        await transaction.discard()
