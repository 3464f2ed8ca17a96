"""The customers: a Faust table of bytes whose memory is kept by partition, and its changelog's format."""

from collections import ChainMap
from collections.abc import Callable, MutableMapping
from typing import Any

import faust
from faust.stores import memory

from streams.partitions.disk_snapshots import DiskSnapshots


class SnapshotStore(memory.Store):  # type: ignore[type-arg]
    """What the table remembers: one mapping a partition, so that a partition that leaves takes its data with it.

    ``make`` makes the mapping of a partition, empty: a dict unless somebody says otherwise.
    """

    make: Callable[[int], MutableMapping[bytes, bytes]] = staticmethod(lambda _number: {})

    def __post_init__(self) -> None:
        super().__post_init__()
        self._partitions: dict[int, MutableMapping[bytes, bytes]] = {}
        self.data = ChainMap()

    def partition(self, number: int) -> MutableMapping[bytes, bytes]:
        """Return the snapshots of one partition, by customer key; empty the first time."""
        if number not in self._partitions:
            self._partitions[number] = self.make(number)
            self.data = ChainMap(*self._partitions.values())
        return self._partitions[number]

    def drop(self, number: int) -> None:
        """Forget a partition."""
        gone = self._partitions.pop(number, None)
        if isinstance(gone, DiskSnapshots):
            gone.close()
        self.data = ChainMap(*self._partitions.values())


class SnapshotTable(faust.Table):  # type: ignore[type-arg]
    """A Faust table that lives in a ``SnapshotStore``.

    It is read like any table; it is written only by the transport, after the commit of what it shows.
    """

    def _new_store(self) -> Any:
        return SnapshotStore("memory://", self.app, self, loop=self.loop)
