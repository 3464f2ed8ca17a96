"""The partition groups that a worker holds: taken when Kafka assigns them, opened anew when a batch fails."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack

from aiokafka.errors import InvalidProducerEpoch, ProducerFenced

from streams.fatal import end_process
from streams.faust_driver.tables import SnapshotStore
from streams.partitions.changelog import MarkerMissingError, read_changelogs
from streams.partitions.hooks import Hooks, TrackerFactory, call
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.status import WorkerStatus
from streams.partitions.transaction import GroupTransaction
from streams.settings import Settings

logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.2
_MAX_PAUSE = 5.0
_LAST_BATCH_SECONDS = 3.0


class Assignment:
    """The groups by partition, and every step that opens or closes one of them."""

    def __init__(
        self,
        settings: Settings,
        tracker_factory: TrackerFactory,
        hooks: Hooks,
        status: WorkerStatus,
        store: Callable[[], SnapshotStore],
    ) -> None:
        self.groups: dict[int, PartitionGroup] = {}
        self.settings = settings
        self._tracker_factory = tracker_factory
        self._hooks = hooks
        self._status = status
        self._store = store
        self._reopening: dict[int, asyncio.Task[None]] = {}

    async def take(self, partitions: Collection[int], generation: int) -> None:
        """Close what is not ours any more and open what is; may be cancelled, and is then called again."""
        self._status.assigned = False
        await self._stop_reopening()
        for partition in set(self.groups) - set(partitions):
            await self._leave(partition)
        groups = [self._group(partition) for partition in sorted(partitions)]
        pause = _FIRST_PAUSE
        while groups:
            try:
                await self._open(groups, generation)
                break
            except MarkerMissingError as error:
                end_process(str(error))
            except Exception as error:
                # Kafka may be away for a while; the watchdog says when that is too long.
                logger.warning("opening partitions %s failed, again in %.1f s: %r", [*partitions], pause, error)
                for group in groups:
                    group.status.reason = repr(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _MAX_PAUSE)
        self._status.assigned = True

    def failed(self, group: PartitionGroup, error: BaseException) -> None:
        """Give a batch up: the group is opened again if it is still ours, and the log says what became of it."""
        group.close()
        group.status.state, group.status.reason = "failed", repr(error)
        logger.warning("partition %d: a batch failed, opening it again: %r", group.partition, error)
        # A worker that slept through its own replacement is told of it by its next heartbeat. To fence before
        # that would stop the one who took over, for nothing.
        fenced = isinstance(error, ProducerFenced | InvalidProducerEpoch)
        pause = self.settings.session_timeout / 3 if fenced else _FIRST_PAUSE
        task = asyncio.ensure_future(self._reopen(group, pause))
        self._reopening[group.partition] = task

    async def stop(self) -> None:
        """Let the batches under way end, and leave no transaction open."""
        await self._stop_reopening()
        for group in list(self.groups.values()):
            try:
                async with asyncio.timeout(_LAST_BATCH_SECONDS), group.lock:
                    group.close()
                    group.status.state = "opening"
            except TimeoutError:
                logger.warning("partition %d: its last batch is given up", group.partition)
        await asyncio.gather(*(self._discard(group) for group in self.groups.values()))

    def _group(self, partition: int) -> PartitionGroup:
        group = self.groups.get(partition)
        if group is None:
            tracker = self._tracker_factory(partition, self._store().partition(partition))
            group = self.groups[partition] = PartitionGroup(partition, self.settings, tracker)
            group.status.progress = time.monotonic()
            self._status.groups[partition] = group.status
        return group

    async def _leave(self, partition: int) -> None:
        group = self.groups[partition]
        async with group.lock:
            group.close()
            await self._discard(group)
        del self.groups[partition], self._status.groups[partition]
        self._store().drop(partition)
        call(self._hooks.on_closed, partition)

    async def _open(self, groups: Sequence[PartitionGroup], generation: int) -> None:
        async with AsyncExitStack() as stack:
            for group in groups:
                # A batch still under way ends first, one way or the other.
                await stack.enter_async_context(group.lock)
                group.close()
                group.status.state = "opening"
            started = time.monotonic()
            await asyncio.gather(*(self._fence(group) for group in groups))
            # One who keeps a partition reads on as well: it may have missed a generation in which another wrote.
            ends = await read_changelogs(self.settings, groups)
            for group in groups:
                if group.status.reason:
                    group.status.state = "stopped"
                    logger.error("partition %d is stopped: %s", group.partition, group.status.reason)
                else:
                    group.open(generation, ends[group.partition])
                group.status.progress = time.monotonic()
                snapshots = self._store().partition(group.partition)
                call(self._hooks.on_opened, group.partition, group.position, snapshots)
        opened = [group.partition for group in groups if group.status.state == "open"]
        logger.info("opened partitions %s in %.1f s", opened, time.monotonic() - started)

    async def _fence(self, group: PartitionGroup) -> None:
        await self._discard(group)
        group.transaction = GroupTransaction(self.settings, group.partition)
        await group.transaction.fence()

    async def _discard(self, group: PartitionGroup) -> None:
        if group.transaction is not None:
            old, group.transaction = group.transaction, None
            await asyncio.shield(old.discard())

    async def _reopen(self, group: PartitionGroup, pause: float) -> None:
        while group.status.state != "open":
            await asyncio.sleep(pause)
            pause = min(2 * pause, _MAX_PAUSE)
            # A batch that failed leaves cycles of few objects and tens of megabytes: the frames that its error has,
            # and what the client had fetched beyond. The collector would come by much later.
            gc.collect()
            try:
                await self._open([group], group.generation)
                if group.status.state == "stopped":
                    return
            except MarkerMissingError as error:
                end_process(str(error))
            except Exception as error:
                group.status.state, group.status.reason = "failed", repr(error)
                logger.warning("opening partition %d failed, again in %.1f s: %r", group.partition, pause, error)

    async def _stop_reopening(self) -> None:
        tasks = list(self._reopening.values())
        self._reopening.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
