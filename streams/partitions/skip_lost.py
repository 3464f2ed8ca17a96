"""The deliberate skipping of input records that retention deleted before they were processed."""

from collections.abc import Iterable, Mapping

from agents.batch import Batch, Outcome, Position
from state.timeline.timeline import Timeline
from streams.partitions.changelog import read_changelogs
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import encode_position
from streams.partitions.transaction import GroupTransaction
from streams.settings import Settings


class UnreadableChangelogError(Exception):
    """A changelog that this version cannot read; the message says why, and the way out."""


class _NoCustomers:
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
    """Move a partition's position to where its logs begin now; return the new offsets by topic.

    A worker that still has the partition is fenced by this, and opens it again at the new position. Raises
    ``UnreadableChangelogError`` and what ``read_changelogs`` raises.
    """
    transaction = GroupTransaction(settings, partition)
    try:
        await transaction.fence()
        group = PartitionGroup(partition, settings, _NoCustomers())
        await read_changelogs(settings, [group])
        if group.unreadable:
            raise UnreadableChangelogError(group.unreadable)
        before = group.position
        if before is None or not group.lost:
            return {}
        position = Position({**before.positions, **group.lost}, before.upto, before.watermarks)
        await transaction.begin()
        await transaction.send_changes({}, encode_position(position))
        await transaction.acknowledged()
        await transaction.commit()
        return group.lost
    finally:
        await transaction.discard()
