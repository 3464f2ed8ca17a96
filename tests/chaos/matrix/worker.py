"""A modelled worker: the real assignment, partition group and processing, over the model of the log."""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from streams.partitions.assignment import Assignment
from streams.partitions.hooks import Hooks
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.processing import Processing
from streams.partitions.status import WorkerStatus
from tests.support.counting import CountingTracker

if TYPE_CHECKING:
    from tests.chaos.matrix.world import World

_FETCHED_AT_ONCE = 2


@dataclass
class Fetched:
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    serialized_value_size: int = 1


class Store:
    """Memory as the table keeps it."""

    def __init__(self) -> None:
        self._partitions: dict[int, dict[bytes, bytes]] = {}

    def partition(self, number: int) -> dict[bytes, bytes]:
        return self._partitions.setdefault(number, {})

    def drop(self, number: int) -> None:
        self._partitions.pop(number, None)


class ModelWorker:
    """Runs until the log is processed, or it dies."""

    def __init__(self, world: "World", instance: str) -> None:
        settings = replace(world.settings, instance=instance)
        store = Store()
        self._world = world
        self._instance = instance
        self.assignment = Assignment(
            settings,
            CountingTracker,
            Hooks(),
            WorkerStatus(),
            lambda: store,  # type: ignore[arg-type,return-value]
        )
        self._processing = Processing(settings, self.assignment, Hooks(), self._reached)

    async def run(self, batches: int | None = None) -> None:
        """Own the partition and process so many batches, or all that there are."""
        await self.assignment.take([0], 1)
        group = self.assignment.groups[0]
        while not self._world.finished() and batches != 0:
            self._world.must_live(self._instance)
            pending = self._next(group)
            if pending is None:
                await asyncio.sleep(0.1)
                continue
            before = group.position
            await self._processing.process(pending)
            if batches is not None and group.position is not before:
                batches -= 1

    def _next(self, group: PartitionGroup):
        if group.status.state != "open":
            return None
        for buffer in group.buffers:
            records = self._world.log.inputs[buffer.topic]
            until = min(len(records), buffer.next_offset + _FETCHED_AT_ONCE)
            fetched = [
                Fetched(offset, 1000 + offset, b"c%d" % (offset % 2), records[offset])
                for offset in range(buffer.next_offset, until)
            ]
            if fetched and not buffer.full:
                assert buffer.accept(fetched, 10_000) is None
            buffer.known_end(len(records))
        return group.next_batch(10_000)

    def _reached(self, point: str) -> None:
        if self._world.due(self._instance, point, "at") is not None:
            self._world.crash(self._instance)
