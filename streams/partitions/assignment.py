"""The partition groups of a worker: opened when Kafka assigns them, and again when a batch fails."""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiokafka.errors import InvalidProducerEpoch, ProducerFenced

from agents.batch import PendingBatch
from agents.commit import GroupState
from agents.observer import Observers
from streams.fatal import end_process
from streams.partitions.changelog import MarkerMissingError, read_changelogs
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import START
from streams.partitions.snapshots import PartitionedSnapshots
from streams.partitions.status import WorkerStatus
from streams.partitions.transaction import GroupTransaction
from streams.partitions.wall_clock import WrongClockError, until_right
from streams.policies.follower import PolicyFollower
from streams.refusal import REFUSED_SECONDS, RefusedError, refused_request
from streams.settings import Settings

logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.2
_MAX_PAUSE = 5.0
_LAST_BATCH_SECONDS = 3.0

GroupStateFactory = Callable[[int, MutableMapping[bytes, bytes]], GroupState]
"""Makes the state of a partition, which must keep its snapshots in the given share of the table."""


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """A partition group that is held for one batch: ``agents.track.Group``."""

    partition: int
    state: GroupState
    transaction: GroupTransaction
    _group: PartitionGroup
    _failed: Callable[[PartitionGroup, Exception], None]

    def committed(self, pending: PendingBatch) -> None:
        """Note that the batch is committed and applied to memory."""
        self._group.committed(pending)
        self._group.read_to = self.transaction.changelog_end
        status = self._group.status
        status.transitions_end = max(status.transitions_end, self.transaction.transitions_end)

    def failed(self, error: Exception) -> None:
        """Give the batch up and open the group again: the log has the batch if it was committed."""
        self._failed(self._group, error)

    def abandoned(self) -> None:
        """Give the batch up and leave the group closed: this worker is stopping."""
        self._group.close()
        self._group.status.state = "failed"


class Assignment:
    """The groups by partition, and every step that opens, holds or closes one of them: ``agents.track.Groups``."""

    def __init__(
        self,
        settings: Settings,
        group_state: GroupStateFactory,
        observers: Observers,
        status: WorkerStatus,
        snapshots: PartitionedSnapshots,
        policies: PolicyFollower | None = None,
    ) -> None:
        self.groups: dict[int, PartitionGroup] = {}
        self.settings = settings
        self.batch_ended: asyncio.Future[None] | None = None
        """Resolved when the next batch has ended; set by the consumer, which waits for it."""
        self._group_state = group_state
        self._observers = observers
        self._status = status
        self._snapshots = snapshots
        self._policies = policies
        self._reopening: dict[int, asyncio.Task[None]] = {}

    async def take(self, partitions: Collection[int], generation: int) -> None:
        """Close the groups that have left and open those assigned; may be cancelled, and is then called again."""
        self._status.assigned = False
        await self._stop_reopening()
        for partition in set(self.groups) - set(partitions):
            await self._leave(partition)
        groups = [self._group(partition) for partition in sorted(partitions)]
        pause, began = _FIRST_PAUSE, time.monotonic()
        while groups:
            try:
                await self._open(groups, generation)
                break
            except MarkerMissingError as error:
                end_process(str(error))
            except Exception as error:
                # Kafka may be away for a while; the watchdog says when that is too long.
                why = self._why(error, began)
                logger.warning("opening partitions %s failed, again in %.1f s: %s", [*partitions], pause, why)
                for group in groups:
                    group.status.reason = why
                await asyncio.sleep(pause)
                pause = min(2 * pause, _MAX_PAUSE)
        self._status.assigned = True

    @asynccontextmanager
    async def hold(self, pending: PendingBatch) -> AsyncIterator[HeldGroup | None]:
        """Hold the group of a batch for the length of a block; None if it was opened again or given away meanwhile."""
        group = self.groups.get(pending.batch.partition)
        try:
            if group is None:
                yield None
                return
            async with group.lock:
                if group.in_flight is not pending or group.transaction is None:
                    yield None
                    return
                group.transaction.decides = (group.position or START).upto, pending.position.upto
                yield HeldGroup(group.partition, group.state, group.transaction, group, self._failed)
        finally:
            if self.batch_ended is not None and not self.batch_ended.done():
                self.batch_ended.set_result(None)

    def stop_group(self, group: PartitionGroup, reason: str) -> None:
        """Stop a group until a person has decided how to go on; a batch under way may still end."""
        group.stop(reason)
        _tell_stopped(group)

    def try_again(self, group: PartitionGroup) -> None:
        """Open a stopped group again, if what stopped it is gone."""
        reopening = self._reopening.get(group.partition)
        if group.status.state == "stopped" and (reopening is None or reopening.done()):
            self._reopening[group.partition] = asyncio.ensure_future(self._reopen(group, 0.0))

    async def stop(self) -> None:
        """Let the batches under way end, and leave no transaction open."""
        await self._stop_reopening()
        await asyncio.gather(*(self._last_batch(group) for group in self.groups.values()))
        await asyncio.gather(*(self._discard(group) for group in self.groups.values()))

    async def _last_batch(self, group: PartitionGroup) -> None:
        try:
            async with asyncio.timeout(_LAST_BATCH_SECONDS), group.lock:
                group.close()
                group.status.state = "opening"
        except TimeoutError:
            logger.warning("partition %d: its last batch is given up", group.partition, extra=_place(group))

    def _failed(self, group: PartitionGroup, error: Exception) -> None:
        if (refused := refused_request(error, self.settings, "Write")) is not None:
            end_process(str(refused))  # it had the right when it began: somebody has taken it away
        group.close()
        why = str(error) if isinstance(error, WrongClockError) else repr(error)
        group.status.state, group.status.reason = "failed", why
        group.status.upto = (group.position or START).upto
        logger.warning("partition %d: a batch failed, opening it again: %s", group.partition, why, extra=_place(group))
        # A worker that was replaced while it was suspended is told so at its next heartbeat. Fencing before that would
        # needlessly stop the worker that took over.
        fenced = isinstance(error, ProducerFenced | InvalidProducerEpoch)
        pause = self.settings.session_timeout / 3 if fenced else _FIRST_PAUSE
        clock = error if isinstance(error, WrongClockError) else None
        task = asyncio.ensure_future(self._reopen(group, pause, clock))
        self._reopening[group.partition] = task

    def _group(self, partition: int) -> PartitionGroup:
        group = self.groups.get(partition)
        if group is None:
            state = self._group_state(partition, self._snapshots.share(partition))
            policies = None if self._policies is None else self._policies.policies
            group = self.groups[partition] = PartitionGroup(partition, self.settings, state, policies)
            group.status.progress = time.monotonic()
            self._status.groups[partition] = group.status
        return group

    async def _leave(self, partition: int) -> None:
        group = self.groups[partition]
        async with group.lock:
            group.close()
            await self._discard(group)
        del self.groups[partition], self._status.groups[partition]
        self._snapshots.drop(partition)
        self._observers.closed(partition)

    async def _open(self, groups: Sequence[PartitionGroup], generation: int) -> None:
        async with AsyncExitStack() as stack:
            for group in groups:
                # A batch that is under way ends first, committed or not.
                await stack.enter_async_context(group.lock)
                group.close()
                group.status.state = "opening"
            started = time.monotonic()
            await asyncio.gather(*(self._fence(group) for group in groups))
            # A group that this worker keeps is read on, too: another worker may have written in a generation that this
            # one missed.
            ends = await read_changelogs(self.settings, groups)
            if self._policies is not None:
                # After the markers, which may name a policy that was published meanwhile.
                await self._policies.refresh()
            for group in groups:
                if group.status.reason:
                    group.status.state, group.generation = "stopped", generation
                else:
                    group.open(generation, ends[group.partition])
                    group.status.opened_in = time.monotonic() - started
                if group.status.state == "stopped":
                    _tell_stopped(group)
                group.status.progress = time.monotonic()
                if group.unreadable:
                    # Its customers are those of some moment in the past: nobody may be told of them.
                    self._observers.closed(group.partition)
                else:
                    self._observers.opened(group.partition, group.position or START, group.state)
        opened = [group.partition for group in groups if group.status.state == "open"]
        logger.info("opened partitions %s in %.1f s", opened, time.monotonic() - started, extra={"partitions": opened})

    async def _fence(self, group: PartitionGroup) -> None:
        await self._discard(group)
        group.transaction = GroupTransaction(self.settings, group.partition)
        await group.transaction.fence()

    async def _discard(self, group: PartitionGroup) -> None:
        if group.transaction is not None:
            old, group.transaction = group.transaction, None
            await asyncio.shield(old.discard())

    def _why(self, error: Exception, began: float) -> str:
        """Return what an error says; a right that is missing for long ends the worker."""
        refused = error if isinstance(error, RefusedError) else refused_request(error, self.settings, "Read or Write")
        if refused is not None and time.monotonic() - began >= REFUSED_SECONDS:
            end_process(str(refused))
        return repr(error) if refused is None else str(refused)

    async def _reopen(self, group: PartitionGroup, pause: float, clock: WrongClockError | None = None) -> None:
        if clock is not None:
            async with group.lock:
                # Whoever opened the group since, for a rebalance, has a transaction of their own.
                if group.status.state == "failed":
                    await self._discard(group)  # or readers of committed records would wait, too
            await until_right(clock)
        began = time.monotonic()
        while group.status.state != "open":
            await asyncio.sleep(pause)
            pause = min(2 * pause, _MAX_PAUSE)
            # A failed batch leaves cycles of few objects and tens of megabytes: the frames of its error, and what the
            # client had fetched ahead. The collector would run much later.
            gc.collect()
            try:
                await self._open([group], group.generation)
                if group.status.state == "stopped":
                    return
            except MarkerMissingError as error:
                end_process(str(error))
            except Exception as error:
                group.status.state, group.status.reason = "failed", self._why(error, began)
                told = "opening partition %d failed, again in %.1f s: %s"
                logger.warning(told, group.partition, pause, group.status.reason, extra=_place(group))

    async def _stop_reopening(self) -> None:
        tasks = list(self._reopening.values())
        self._reopening.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell_stopped(group: PartitionGroup) -> None:
    logger.error("partition %d is stopped: %s", group.partition, group.status.reason, extra=_place(group))


def _place(group: PartitionGroup) -> dict[str, int]:
    """Return what a line of the log about a group has as fields of its own."""
    return {"partition": group.partition}
