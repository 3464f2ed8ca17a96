"""A modelled worker: the real agent, assignment and partition group, over the model of the log."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.batch import PendingBatch
from agents.observer import Observers
from agents.track import track
from streams.partitions.assignment import Assignment
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.snapshots import PartitionedSnapshots
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


async def one(pending: PendingBatch) -> AsyncIterator[PendingBatch]:
    """A stream of one batch."""
    yield pending


class ModelWorker:
    """Runs until the log is processed, or it dies."""

    def __init__(self, world: "World", instance: str) -> None:
        settings = replace(world.settings, instance=instance)
        self._world = world
        self._instance = instance
        observers = Observers([])
        self.assignment = Assignment(
            settings, CountingTracker, observers, WorkerStatus(), PartitionedSnapshots(settings)
        )
        self._agent = track(self.assignment, observers, time.monotonic, settings.batch_timeout, self._reached)

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
            await self._agent(one(pending))
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
