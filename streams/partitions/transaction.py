"""The transactions of one partition group: a producer whose transactional id no other worker may use."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from agents.batch import Watermark
from agents.commit import KeyedValue
from streams.connection import client_arguments
from streams.partitioner import partition_by
from streams.partitions import wall_clock
from streams.partitions.position import POSITION_KEY
from streams.partitions.watermarks import WATERMARK_KEY, write_watermark
from streams.settings import Settings
from streams.topics import topics_of

logger = logging.getLogger(__name__)

# Below the megabyte that a broker takes by default, with room for the header.
_MAX_BATCH = 512 * 1024
_ABORT_SECONDS = 3.0
_ZSTD = 4
"""As Kafka's format of batches numbers it."""
_APPENDED = 1
"""The type of a timestamp that the broker has set."""


class GroupTransaction:
    """The writer of one partition group's batches, each in a transaction.

    After any error it cannot be used again: ``discard`` it and make a new one. aiokafka promises nothing about a
    producer whose send failed (its sequence numbers have a hole) or whose call was cancelled.
    """

    def __init__(self, settings: Settings, partition: int) -> None:
        self._topics = topics_of(settings)
        self._partition = partition
        self._tells_accounts = settings.accounts
        # The embedded broker is a process of this machine, and sets no timestamps.
        self._compares_clocks = settings.clock == "wall" and not settings.embedded
        self.decides = 0, 0
        """The instants from which and up to which the batch decides (ms since 1970)."""
        self._partitions = range(settings.partitions)
        # Nobody else writes the events of accounts: they have a partitioner even where that of customers is not known.
        partitioner = "murmur2" if settings.partitioner == "any" else settings.partitioner
        self._partition_of = partition_by(partitioner, settings.partitions)
        self._sent: list[asyncio.Future[RecordMetadata]] = []
        self._counts: list[int] = []
        self._open = False
        self.changelog_end = 0
        """The changelog offset after the last record that was acknowledged."""
        self.transitions_end = 0
        """The offset of the transitions topic after the last record that was acknowledged."""
        self._producer = AIOKafkaProducer(
            **client_arguments(settings),
            transactional_id=f"{settings.app_id}-{partition}",
            # Longer than a batch may take, or the broker would abort a batch that is still being processed.
            transaction_timeout_ms=int(settings.batch_timeout * 2000),
            request_timeout_ms=int(max(1.0, settings.batch_timeout / 2) * 1000),
            linger_ms=0,
            max_batch_size=_MAX_BATCH,
        )

    async def fence(self) -> None:
        """Take over the transactional id: its former owner can commit no more, and its open transaction is aborted."""
        await self._producer.start()

    async def begin(self) -> None:
        """Open a transaction."""
        self._sent.clear()
        self._counts.clear()
        self._open = True
        await self._producer.begin_transaction()

    async def send_changes(self, changes: Mapping[bytes, bytes | None], marker: bytes) -> None:
        """Send the changelog records, the position marker last."""
        records = [*((key, value, None) for key, value in changes.items()), (POSITION_KEY, marker, None)]
        await self._send(self._topics.changelog, records, compressed=True)

    async def send_transitions(self, transitions: Sequence[KeyedValue]) -> None:
        """Send the transitions."""
        await self._send(self._topics.transitions, transitions)

    async def send_rejects(self, rejects: Sequence[KeyedValue]) -> None:
        """Send the rejects."""
        await self._send(self._topics.rejects, rejects)

    async def send_account_events(self, events: Sequence[KeyedValue], upto: int, *, final: bool) -> None:
        """Send the events of accounts, and after them to every partition that none older than ``upto`` will follow.

        A deployment that decides no accounts sends nothing.
        """
        if not self._tells_accounts:
            return
        by_partition: defaultdict[int, list[tuple[bytes | None, bytes, int | None]]] = defaultdict(list)
        for event in events:
            by_partition[self._partition_of(event[0] or b"")].append(event)
        watermark = (WATERMARK_KEY, write_watermark(Watermark(upto, final)), upto)
        for partition in self._partitions:
            await self._send(
                self._topics.account_events[self._partition], [*by_partition[partition], watermark], partition
            )

    async def acknowledged(self) -> None:
        """Wait for every record; raises the first error, and ``WrongClockError`` if the broker's clock is another."""
        try:
            acknowledged = await asyncio.gather(*self._sent)
        except InvalidTimestampError:
            # A time that is too far ahead for the broker's own limit: the changelog's records say what it has.
            for record in (await asyncio.wait(self._sent))[0]:
                if record.exception() is None:
                    self._compare_clocks(record.result())
            raise
        for metadata, count in zip(acknowledged, self._counts, strict=True):
            self._compare_clocks(metadata)
            if metadata.topic == self._topics.changelog:
                self.changelog_end = max(self.changelog_end, metadata.offset + 1)
            elif metadata.topic == self._topics.transitions:
                self.transitions_end = max(self.transitions_end, metadata.offset + count)

    async def commit(self) -> None:
        """Commit the transaction."""
        await self._producer.commit_transaction()
        self._open = False

    async def discard(self) -> None:
        """Close the producer, and abort its open transaction if the broker still accepts that; never raises."""
        for future in self._sent:
            future.cancel()
        # Without the abort, readers of committed records would wait for the transaction to time out.
        endings = [self._producer.abort_transaction, self._producer.stop] if self._open else [self._producer.stop]
        for end in endings:
            try:
                await asyncio.wait_for(end(), _ABORT_SECONDS)
            except Exception as error:  # a fenced producer raises on every call
                told = "partition %d: the old producer did not end in order: %r"
                logger.info(told, self._partition, error, extra={"partition": self._partition})

    def _compare_clocks(self, metadata: RecordMetadata) -> None:
        if self._compares_clocks and metadata.timestamp_type == _APPENDED:
            wall_clock.check(*self.decides, metadata.timestamp, wall_clock.wall_clock())

    async def _send(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, int | None]],
        partition: int | None = None,
        *,
        compressed: bool = False,
    ) -> None:
        place = self._partition if partition is None else partition
        for batch, count in self._batches(records, compressed):
            self._sent.append(await self._producer.send_batch(batch, topic, partition=place))
            self._counts.append(count)

    def _batches(
        self, records: Iterable[tuple[bytes | None, bytes | None, int | None]], compressed: bool
    ) -> list[tuple[Any, int]]:
        """Return batches, each with the number of its records."""
        batches: list[tuple[Any, int]] = []
        batch, count = None, 0
        for key, value, time in records:
            if batch is None or batch.append(key=key, value=value, timestamp=time) is None:
                # The first record of a batch is taken whatever its size, so a large snapshot goes alone.
                if batch is not None:
                    batches.append((batch, count))
                batch, count = _compressed_batch() if compressed else self._producer.create_batch(), 0
                batch.append(key=key, value=value, timestamp=time)
            count += 1
        if batch is not None:
            batches.append((batch, count))
        for filled, _ in batches:
            filled.close()
        return batches


def _compressed_batch() -> BatchBuilder:
    # Of the changelog alone, which only workers read: not every client of other topics can read it.
    return BatchBuilder(_MAX_BATCH, _ZSTD, is_transactional=True)
