"""The table ``customers``: a Faust table of bytes over the snapshots that the partition groups keep."""

from typing import Any

import faust
from faust.stores import memory

from streams.partitions.snapshots import PartitionedSnapshots


def snapshot_table(snapshots: PartitionedSnapshots) -> type[faust.Table]:  # type: ignore[type-arg]
    """Return the class that Faust makes its tables of.

    It is read like any table. It is written by ``agents.tracker.Tracker.apply`` alone, after the commit of the
    transaction that holds its changelog records: ``table[key] = value`` of Faust would send a record of its own.
    """

    class SnapshotStore(memory.Store):  # type: ignore[type-arg]
        def __post_init__(self) -> None:
            super().__post_init__()
            self.data = snapshots.all

    class SnapshotTable(faust.Table):  # type: ignore[type-arg]
        def _new_store(self) -> Any:
            return SnapshotStore("memory://", self.app, self, loop=self.loop)

    return SnapshotTable
