"""Going on, on purpose, where an input topic was truncated past what was counted."""

from agents.batch import Batch, Outcome
from streams.partitions.changelog import read_changelogs
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import Position, encode_position
from streams.partitions.transaction import GroupTransaction
from streams.settings import Settings


class _NoTracker:
    """Needs no customers: only the position is read, and moved."""

    upto = 0

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Pass over a customer."""

    def compute(self, batch: Batch) -> Outcome:
        """Find no effects."""
        return Outcome(batch.upto)

    def publish(self, outcome: Outcome) -> None:
        """Take over nothing."""

    def due(self) -> int | None:
        """Wait for nothing."""
        return None


async def skip(settings: Settings, partition: int) -> dict[str, int]:
    """Move a partition's position to where its logs begin now; return the new offsets by topic.

    A worker that still has the partition is fenced by this, and opens it again at the new position.
    """
    transaction = GroupTransaction(settings, partition)
    try:
        await transaction.fence()
        group = PartitionGroup(partition, settings, _NoTracker())
        await read_changelogs(settings, [group])
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
