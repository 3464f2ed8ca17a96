"""The transitions topic: where it begins and ends, and readers of it that begin anywhere."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import administration, client_arguments
from streams.rights import check_visible
from streams.serve.problems import ProblemError
from streams.serve.transitions.position import Position
from streams.settings import Settings
from streams.topics import topics_of

_ANSWER_SECONDS = 5.0
_RETRY_SECONDS = 2
_PARTITION_BYTES, _FETCH_BYTES = 256 * 1024, 2 * 1024 * 1024
_FURTHER_BACK = 5000
"""More records than a transaction of a worker has in a partition."""


class TopicMissingError(Exception):
    """A topic that is not there, or cannot be read; the message has the mend."""


class Topic:
    """The transitions topic of an installation, outside of any consumer group."""

    def __init__(self, settings: Settings) -> None:
        self.name = topics_of(settings).transitions
        self._settings = settings
        self._asking = asyncio.Lock()
        self._client: AIOKafkaConsumer | None = None

    async def found(self) -> tuple[str, int]:
        """Return the id of the cluster and the number of partitions. Raises ``TopicMissingError``, ``KafkaError``."""
        async with administration(self._settings) as admin:
            # Not a request for this topic: a broker that creates topics automatically would create it.
            if self.name not in await admin.list_topics():
                await check_visible(self._settings, admin, [self.name])
                told = f"Kafka at {self._settings.broker} has no topic {self.name}"
                raise TopicMissingError(f"{told}; make it with: lifestage topics create")
            (described,) = await admin.describe_topics([self.name])
            cluster = await admin.describe_cluster()
        return str(cluster.get("cluster_id", "")), len(described["partitions"])

    def places(self, partitions: int) -> list[TopicPartition]:
        """Return the partitions."""
        return [TopicPartition(self.name, it) for it in range(partitions)]

    @asynccontextmanager
    async def reader(self, begin: Position) -> AsyncIterator["Reader"]:
        """Open a reader of committed records for the length of the block, from a position on."""
        consumer = AIOKafkaConsumer(
            **client_arguments(self._settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",  # what is gone must be told, and not skipped
            max_partition_fetch_bytes=_PARTITION_BYTES,
            fetch_max_bytes=_FETCH_BYTES,
        )
        try:
            await consumer.start()
            places = self.places(len(begin))
            consumer.assign(places)
            for place, offset in zip(places, await self._starts(consumer, begin), strict=True):
                consumer.seek(place, offset)
            yield Reader(consumer, places, begin)
        finally:
            await consumer.stop()

    async def _starts(self, consumer: AIOKafkaConsumer, begin: Position) -> Position:
        """Return where a reader starts so that it has all that is committed, and nothing else, from a position on."""
        if not self._settings.embedded:
            return begin
        # Here it is known to be aborted only to who has read its transaction from the first record (decision 13).
        async with asyncio.timeout(_ANSWER_SECONDS):
            found = await consumer.beginning_offsets(self.places(len(begin)))
        firsts = (found[it] for it in self.places(len(begin)))
        return tuple(
            it if it < first else max(first, it - _FURTHER_BACK) for first, it in zip(firsts, begin, strict=True)
        )

    async def begins(self, partitions: int) -> Position:
        """Return where it begins. Raises ``ProblemError``, as the others do, while Kafka does not answer."""
        return await self._offsets("beginning_offsets", partitions)

    async def ends(self, partitions: int) -> Position:
        """Return where it ends, what is not committed yet included."""
        return await self._offsets("end_offsets", partitions)

    async def at(self, instant: int, partitions: int) -> Position:
        """Return the position of the first records that are not older than an instant, in ms since 1970."""
        places = self.places(partitions)
        ends = await self.ends(partitions)
        found = await self._asked("offsets_for_times", dict.fromkeys(places, instant))
        offsets = [found.get(place) for place in places]
        return tuple(end if it is None else it.offset for it, end in zip(offsets, ends, strict=True))

    async def close(self) -> None:
        """End the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.stop()

    async def _offsets(self, method: str, partitions: int) -> Position:
        places = self.places(partitions)
        found: Mapping[TopicPartition, int] = await self._asked(method, places)
        return tuple(found[it] for it in places)

    async def _asked(self, method: str, asked: object) -> Mapping[TopicPartition, Any]:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), self._asking:
                return await self._answer(method, asked)
        except (KafkaError, OSError, TimeoutError):
            detail = "Kafka, where the transitions are read, does not answer: ask again in some seconds"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, _RETRY_SECONDS) from None

    async def _answer(self, method: str, asked: object) -> Mapping[TopicPartition, Any]:
        try:
            if self._client is None:
                self._client = AIOKafkaConsumer(
                    **client_arguments(self._settings), isolation_level="read_uncommitted", enable_auto_commit=False
                )
                await self._client.start()
            answer: Mapping[TopicPartition, Any] = await getattr(self._client, method)(asked)
        except BaseException:
            await self.close()  # one that did not answer, or was given up, is not asked again
            raise
        return answer


class Reader:
    """A reader of all partitions, from a position on."""

    def __init__(self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], begin: Position) -> None:
        self._consumer = consumer
        self._places = places
        self._begin = begin

    async def next(self, seconds: float, most: int) -> list[ConsumerRecord]:
        """Return the next records, each partition in its order; none if there are none for so many seconds.

        Raises ``KafkaError``: ``OffsetOutOfRangeError`` if what comes next is gone.
        """
        fetched = await self._consumer.getmany(timeout_ms=int(seconds * 1000), max_records=most)
        every = (record for records in fetched.values() for record in records)
        return [record for record in every if record.offset >= self._begin[record.partition]]

    async def position(self) -> Position:
        """Return how far it has come, past what is no record, too."""
        return tuple([await self._consumer.position(it) for it in self._places])

    async def stable_ends(self) -> Position:
        """Return up to where there is something to read at the moment. Raises ``KafkaError``, ``TimeoutError``."""
        async with asyncio.timeout(_ANSWER_SECONDS):
            found = await self._consumer.end_offsets(self._places)
        return tuple(found[it] for it in self._places)
