"""The snapshots of all customers of a worker: the contents of the table ``customers``, kept by partition."""

from collections import ChainMap
from collections.abc import MutableMapping

from streams.partitions.disk_snapshots import DiskSnapshots
from streams.settings import Settings


class PartitionedSnapshots:
    """One mapping for each partition, from customer key to snapshot, dropped when the partition leaves.

    ``all`` shows all of them as one mapping. They lie in memory, or on disk if the settings say so.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shares: dict[int, MutableMapping[bytes, bytes]] = {}
        self.all: ChainMap[bytes, bytes] = ChainMap()

    def share(self, partition: int) -> MutableMapping[bytes, bytes]:
        """Return the snapshots of one partition; empty the first time."""
        if partition not in self._shares:
            self._shares[partition] = self._new(partition)
            self._show()
        return self._shares[partition]

    def drop(self, partition: int) -> None:
        """Forget a partition."""
        dropped = self._shares.pop(partition, None)
        if isinstance(dropped, DiskSnapshots):
            dropped.close()
        self._show()

    def _new(self, partition: int) -> MutableMapping[bytes, bytes]:
        if self._settings.store == "disk":
            return DiskSnapshots(self._settings.data / "customers" / str(partition))
        return {}

    def _show(self) -> None:
        self.all.maps[:] = [*self._shares.values()]
