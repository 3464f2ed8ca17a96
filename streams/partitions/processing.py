"""Processing: the agent that carries out the batches of all partition groups, and survives each that fails."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from faust.types import StreamT

from agents.commit import carry_out
from streams.faust_driver.consumer import Intake
from streams.partitions.assignment import Assignment
from streams.partitions.hooks import Committed, Hooks, call
from streams.partitions.partition_group import PendingBatch
from streams.partitions.position import encode_position
from streams.settings import Settings

logger = logging.getLogger(__name__)


class Processing:
    """Carries out one batch at a time for each group."""

    def __init__(
        self, settings: Settings, assignment: Assignment, hooks: Hooks, reached: Callable[[str], None]
    ) -> None:
        self._timeout = settings.batch_timeout
        self._assignment = assignment
        self._hooks = hooks
        self._reached = reached

    def agent(self, intake: Callable[[], Intake]) -> Callable[[StreamT[Any]], Awaitable[None]]:
        """Return the function that Faust runs as an agent, several at once: a group's batches never overlap."""

        async def track(stream: StreamT[Any]) -> None:
            async for pending in stream:
                await self.process(pending)
                intake().freed()

        return track

    async def process(self, pending: PendingBatch) -> None:
        """Carry out a batch. No error leaves this: Faust would take the batch for done."""
        group = self._assignment.groups.get(pending.batch.partition)
        if group is None:
            return
        async with group.lock:
            # Dropped when the group was opened again meanwhile: its records will come once more.
            if group.in_flight is not pending or group.transaction is None:
                return
            marker = encode_position(pending.position)
            began = time.monotonic()
            try:
                async with asyncio.timeout(self._timeout):
                    outcome = await carry_out(pending.batch, marker, group.tracker, group.transaction, self._reached)
            except Exception as error:
                logger.debug("partition %d: a batch failed", group.partition, exc_info=True)
                self._assignment.failed(group, error)
                return
            except asyncio.CancelledError:
                group.close()
                group.status.state = "failed"
                raise
            group.settle(pending)
            group.read_to = group.transaction.changelog_end
            # Inside the lock: whoever opens or closes the group tells so after this, never before.
            seconds = time.monotonic() - began
            call(self._hooks.after_commit, Committed(pending.batch, outcome, pending.position, seconds))
