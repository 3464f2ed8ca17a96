"""The recovery that replaces Faust's: partition groups are opened in a task of their own, then the records flow."""

import asyncio
from typing import Any

from aiokafka.errors import KafkaError
from faust.exceptions import ImproperlyConfigured
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery, ServiceStopped
from faust.types import TP
from faust.types.tables import CollectionT

from streams.fatal import end_process
from streams.partitions.assignment import Assignment


class TransactionalRecovery(Recovery):
    """The recovery of the partition groups, which opens them after a rebalance.

    Faust's own recovery waits for the record before the highwater of the changelog, where a transaction leaves its
    marker and no record; and it would read aborted records. Its tasks still run, and wait for a signal that is never
    sent.
    """

    assignment: Assignment
    inputs: frozenset[str]
    _taking: asyncio.Task[None] | None = None

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Start to open what is assigned, and return at once.

        While this runs, the member sends no heartbeat: a restore in here would cost it its session, and the group
        would rebalance without end.
        """
        await self._stop_taking()
        self.completed.clear()
        if self.should_stop:
            return  # a rebalance while the worker stops: nobody would close what is opened now
        partitions = {tp.partition for tp in assigned if tp.topic in self.inputs}
        self._taking = asyncio.ensure_future(self._take(partitions, generation_id))

    def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Do nothing: there are no buffers to flush, and the next assignment says what has left."""

    async def on_stop(self) -> None:
        """Leave no batch and no transaction open."""
        await self._stop_taking()
        await self.assignment.stop()

    async def _take(self, partitions: set[int], generation: int) -> None:
        try:
            await self.assignment.take(partitions, generation)
            if generation == self.app.consumer_generation_id:
                await self._resume_streams(generation)
        except KafkaError as error:
            # The partitions were reassigned between the check and the call: the next rebalance is on its way.
            self.log.warning("not resumed: %r", error)
        except ServiceStopped:
            # The worker was told to stop while Faust sought the committed offsets: on_stop closes what was opened.
            self.log.info("not resumed: the worker stops")
        except Exception as error:
            self.log.exception("opening the partitions failed")
            end_process(f"opening the partitions failed: {error!r}")

    async def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.gather(self._taking, return_exceptions=True)
            self._taking = None


def table_manager(assignment: Assignment, inputs: frozenset[str]) -> type[TableManager]:
    """Return the class of Faust's table manager, with this recovery in it."""

    class TransactionalTables(TableManager):
        _recovery: TransactionalRecovery | None = None

        @property
        def recovery(self) -> Recovery:
            if self._recovery is None:
                recovery: Any = TransactionalRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
                recovery.assignment, recovery.inputs = assignment, inputs
                self._recovery = recovery
            return self._recovery

        def add(self, table: CollectionT) -> CollectionT:
            if len(self):
                raise ImproperlyConfigured(
                    f"the table {table.name} would be neither restored nor kept by partition: this app has one table, "
                    "customers. Keep other state in an app with an id of its own"
                )
            return super().add(table)

    return TransactionalTables
