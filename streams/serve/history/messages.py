"""Messages of the transitions topic, read by their place."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from http import HTTPStatus

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.faust_driver.private import fetch_again_at_once
from streams.refusal import RefusedError
from streams.serve.problems import ProblemError, why_of
from streams.settings import Settings
from streams.topic_reader import TopicUnreadableError, consuming

_FETCH_BYTES = 64 * 1024
_FETCH_MS = 500
_ANSWER_SECONDS = 10.0
_AT_ONCE = 100
_ALL = 2**62


class Messages:
    """A reader of single records of a topic, for one request after another; it is connected with the first one."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._settings = settings
        self._topic = topic
        # The embedded broker gives all that follows in one answer, which is read through rather than asked for again.
        self._read_through = _ALL if settings.embedded else _AT_ONCE
        self._one_at_a_time = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None

    async def at(self, partition: int, offsets: Sequence[int]) -> list[tuple[bytes, bytes]]:
        """Return the keys and values at these offsets of committed records, which rise.

        What the topic no longer has is left out. Raises ``ProblemError`` while Kafka does not answer.
        """
        place = TopicPartition(self._topic, partition)
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    consumer = await self._connected()
                    consumer.resume(place)
                    found = await self._read(consumer, place, offsets)
                    consumer.pause(place)
                    return found
            except (TopicUnreadableError, RefusedError, KafkaError, OSError, TimeoutError) as error:
                await self.close()
                detail = f"Kafka, where {self._topic} is read, does not answer: {why_of(error)}"
                raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, 1) from None

    async def close(self) -> None:
        """End the connection; the next request makes another."""
        self._consumer = None
        await self._stack.aclose()

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            # What is read is known to be committed, and the embedded broker tells wrongly what is aborted.
            arguments = {"isolation_level": "read_uncommitted", "fetch_max_bytes": _FETCH_BYTES}
            opening = consuming(self._settings, self._topic, **arguments)
            consumer, partitions = await self._stack.enter_async_context(opening)
            consumer.pause(*partitions)  # what is not asked for is not fetched
            fetch_again_at_once(consumer)
            self._consumer = consumer
        return self._consumer

    async def _read(
        self, consumer: AIOKafkaConsumer, place: TopicPartition, offsets: Sequence[int]
    ) -> list[tuple[bytes, bytes]]:
        begin = (await consumer.beginning_offsets([place]))[place]
        wanted, found, position = frozenset(offsets), [], -1
        for offset in offsets:
            if offset < max(begin, position):
                continue  # the topic has it no longer, or it was read on the way
            if position < 0 or offset >= position + self._read_through:
                consumer.seek(place, offset)
                position = offset
            while position <= offset:
                records = (await consumer.getmany(place, timeout_ms=_FETCH_MS, max_records=_AT_ONCE)).get(place, [])
                found += [(it.key, it.value) for it in records if it.offset in wanted]
                if records:
                    position = records[-1].offset + 1
        return found
