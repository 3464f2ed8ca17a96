"""The Faust agent ``track``, the only writer of customers.

Reads   batches of the input topics, merged by partition group, one at a time for each group
Keeps   per-customer rolling aggregates in the table ``customers``, written by ``agents.tracker.Tracker.apply``
Sends   the table's changelog, ``customer.transitions`` and ``customer.rejects``, in one transaction a batch
"""

import asyncio
import logging
from collections.abc import AsyncIterable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from agents.batch import PendingBatch
from agents.commit import GroupState, Transaction, carry_out
from agents.observer import Committed, Observers

logger = logging.getLogger(__name__)

Agent = Callable[[AsyncIterable[PendingBatch]], Coroutine[Any, Any, None]]


class Group(Protocol):
    """A partition group that is held for one batch."""

    @property
    def partition(self) -> int:
        """Its number."""

    @property
    def state(self) -> GroupState:
        """Its customers."""

    @property
    def transaction(self) -> Transaction:
        """What its batches are written with."""

    def committed(self, pending: PendingBatch) -> None:
        """Note that a batch is committed and applied to memory."""

    def failed(self, error: Exception) -> None:
        """Give the batch up and open the group again: the log has the batch if it was committed."""

    def abandoned(self) -> None:
        """Give the batch up and leave the group closed: this worker is stopping."""


class Groups(Protocol):
    """The partition groups of this worker."""

    def hold(self, pending: PendingBatch) -> AbstractAsyncContextManager[Group | None]:
        """Hold the group of a batch for the length of a block; None if it was opened again or given away meanwhile."""


def track(
    groups: Groups, observers: Observers, clock: Callable[[], float], timeout: float, reached: Callable[[str], None]
) -> Agent:
    """Return the agent. Faust runs it several times at once; the batches of one group never overlap.

    ``clock`` counts seconds from any start; a batch may take ``timeout`` seconds. ``reached`` is called at each
    point of a batch at which a test may want the process to die.
    """

    async def agent(batches: AsyncIterable[PendingBatch]) -> None:
        async for pending in batches:
            async with groups.hold(pending) as group:
                # Without a group the batch is dropped: the group's next owner fetches its records again.
                if group is not None:
                    await process(pending, group)

    async def process(pending: PendingBatch, group: Group) -> None:
        began = clock()
        try:
            async with asyncio.timeout(timeout):
                outcome = await carry_out(pending.batch, pending.marker, group.state, group.transaction, reached)
        except Exception as error:
            # No error may leave the agent, or Faust would acknowledge the batch.
            place = {"partition": group.partition}
            logger.debug("partition %d: a batch failed", group.partition, exc_info=True, extra=place)
            group.failed(error)
            return
        except asyncio.CancelledError:
            group.abandoned()
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Not the agent was cancelled, but what it waited for: a worker that ends does not wait for this batch. If
            # the error left the agent, Faust would start it again.
            return
        group.committed(pending)
        # Still while the group is held, so that observers see it opened or closed after this, never before.
        observers.committed(Committed(pending.batch, outcome, pending.position, clock() - began))

    return agent
