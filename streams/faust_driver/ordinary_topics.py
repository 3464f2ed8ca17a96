"""Ordinary topics: those that agents other than ``track`` read, one record a message, at least once."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from streams.topics import Topics

_POLL_SECONDS = 0.25
_FAILED_POLL_SECONDS = 1.0


class OrdinaryConsumer(driver.Consumer):
    """Faust's consumer for ordinary topics.

    The records of each topic are delivered in a task of its own, so that a slow agent holds up neither the batches nor
    another topic. Offsets are committed when the agent is done with them. A rebalance drops what is not acknowledged,
    and ends with a seek back to it.
    """

    topics: Topics
    commits_ordinary: bool = True
    """Whether their offsets are committed while the worker runs, and not only when it stops."""
    _polling: "asyncio.Future[Mapping[TP, Any]] | None" = None
    _rewinds: int = 0
    """How often fetched records have become obsolete because they will be fetched again."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._delivering: set[str] = set()

    def is_ordinary(self, partition: Any) -> bool:
        """Return whether a partition belongs to an ordinary topic."""
        return partition.topic not in self.topics.inputs and not self._is_changelog_tp(partition)

    def stop_flow(self) -> None:
        """Stop until a rebalance is over, and drop the records that are not delivered yet."""
        super().stop_flow()
        self._rewinds += 1

    async def perform_seek(self) -> None:
        """Go back to the committed offsets of ordinary topics, or to their beginning where there are none.

        Input topics are fetched from where their buffers say. Their committed offsets may be outdated, or written by
        another program.
        """
        self._rewinds += 1
        if self._polling is not None:  # it would move the client on, past what the seek goes back to
            await asyncio.gather(self._polling, return_exceptions=True)
        if not any(map(self.is_ordinary, self.assignment())):
            return
        committed = {tp: at for tp, at in (await self.seek_to_committed()).items() if self.is_ordinary(tp)}
        # Where nothing was committed, the client did not seek, and may be past records that were dropped.
        unknown = [tp for tp, at in committed.items() if not at or at < 0]
        if unknown:
            await self.seek_wait(await self.earliest_offsets(*unknown))
        for tp, at in committed.items():
            self._read_offset[tp] = self._committed_offset[tp] = None if tp in unknown else at

    def _new_offset(self, tp: TP) -> int | None:
        return super()._new_offset(tp) if self.commits_ordinary or self.should_stop else None

    @Service.task
    async def _serve_ordinary(self) -> None:
        while not self.should_stop:
            active = {tp for tp in self._get_active_partitions() if self.is_ordinary(tp)}
            idle = {tp for tp in active if tp.topic not in self._delivering}
            if not idle or not self.flow_active:
                await self.sleep(_POLL_SECONDS)
                continue
            rewinds = self._rewinds
            self._polling = asyncio.ensure_future(self._getmany(idle, _POLL_SECONDS))
            try:
                fetched = await self._polling
            except KafkaError as error:
                if not self.should_stop:
                    self.log.warning("fetching for ordinary agents failed: %r", error)
                    await self.sleep(_FAILED_POLL_SECONDS)
                continue
            for topic in {tp.topic for tp in fetched}:
                self._delivering.add(topic)
                records = {tp: of_tp for tp, of_tp in fetched.items() if tp.topic == topic}
                self.add_future(self._deliver(topic, records, rewinds))

    async def _deliver(self, topic: str, fetched: Mapping[TP, Any], rewinds: int) -> None:
        try:
            for tp, record in self.scheduler.iterate(fetched):
                if rewinds != self._rewinds or self.should_stop:
                    return
                read = self._read_offset[tp]
                if read is not None and record.offset > read + 1:
                    # Markers of transactions and compacted records never come. Faust would count the record itself
                    # among them, and might commit it before the agent is done with it.
                    await self._add_gap(tp, read + 1, record.offset - 1)
                await self.wait_first(self.callback(self._to_message(tp, record)), self.suspend_flow.wait())
                self._read_offset[tp] = record.offset
        finally:
            self._delivering.discard(topic)
