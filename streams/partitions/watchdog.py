"""The watchdog: measures the lag, sees that the topics are still the same, and ends a worker that makes no progress."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import client_arguments
from streams.fatal import end_process
from streams.partitions.assignment import Assignment
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.silence import Silence
from streams.partitions.topic_watch import TopicWatch
from streams.settings import Settings
from streams.topic_metadata import TopicMetadata, TopicMetadataReader, topic_metadata
from streams.topics import topics_of

_EVERY_SECONDS = 2.0
_ANSWER_SECONDS = 10.0


class Watchdog:
    """A task that asks Kafka for the topics and the ends of their logs, with clients that nothing else can block."""

    def __init__(self, settings: Settings, assignment: Assignment, silence: Silence) -> None:
        self._settings = settings
        self._assignment = assignment
        self._silence = silence
        self._topics = topics_of(settings)
        self._watch = TopicWatch(settings, assignment)
        self._clients: tuple[AIOKafkaConsumer, TopicMetadataReader] | None = None

    async def watch(self) -> None:
        """Run until cancelled; end the process when Kafka is away, or a group stalls, for the availability time-out."""
        limit = self._settings.availability_timeout
        self._silence.ended()  # the worker has found Kafka before this
        async with AsyncExitStack() as stack:
            while True:
                try:
                    async with asyncio.timeout(max(_EVERY_SECONDS, min(_ANSWER_SECONDS, limit / 4))):
                        await self._measure(*await self._connected(stack))
                    self._silence.ended()
                except (KafkaError, TimeoutError, OSError) as error:
                    if self._silence.lasts(error) > limit:
                        end_process(f"Kafka at {self._settings.broker} has not answered for {limit:.0f} s")
                self._end_if_stalled(limit)
                await asyncio.sleep(_EVERY_SECONDS)

    async def _connected(self, stack: AsyncExitStack) -> tuple[AIOKafkaConsumer, TopicMetadataReader]:
        if self._clients is None:
            async with AsyncExitStack() as connecting:
                consumer = AIOKafkaConsumer(
                    **client_arguments(self._settings), isolation_level="read_committed", enable_auto_commit=False
                )
                connecting.push_async_callback(consumer.stop)
                await consumer.start()
                reader = await connecting.enter_async_context(topic_metadata(self._settings, self._topics.all))
                await stack.enter_async_context(connecting.pop_all())
            self._clients = consumer, reader
        return self._clients

    async def _measure(self, consumer: AIOKafkaConsumer, reader: TopicMetadataReader) -> None:
        groups = dict(self._assignment.groups)
        present = await reader.read()
        # The end of a log that does not exist would be waited for.
        names = [name for name in (*self._topics.inputs, self._topics.changelog) if name in present]
        wanted = {TopicPartition(name, partition) for name in names for partition in groups}
        if not wanted:
            return
        if consumer.assignment() != wanted:
            consumer.assign(list(wanted))
            consumer.pause(*wanted)
        ends = await consumer.end_offsets(list(wanted))
        await self._watch.look_at_cleanup()
        for partition, group in groups.items():
            if self._assignment.groups.get(partition) is group:
                self._take(group, present, {name: ends[TopicPartition(name, partition)] for name in names})

    def _take(self, group: PartitionGroup, present: Mapping[str, TopicMetadata], ends: Mapping[str, int]) -> None:
        others = self._watch.judge(group, present, ends)
        positions = {} if group.position is None else group.position.positions
        group.status.lag = {
            it.topic: max(1, ends.get(it.topic, 0))
            if it.topic in others
            else _lag(it, ends.get(it.topic, 0), positions.get(it.topic, 0))
            for it in group.buffers
        }
        if not any(group.status.lag.values()) or group.is_idle():
            group.status.progress = time.monotonic()

    def _end_if_stalled(self, limit: float) -> None:
        for partition, group in self._assignment.groups.items():
            if group.status.state != "stopped" and time.monotonic() - group.status.progress > limit:
                why = group.status.reason or f"it is {group.status.state}"
                end_process(
                    f"partition {partition} made no progress for {limit:.0f} s with {group.status.lag} to read: {why}"
                )


def _lag(buffer: InputBuffer, end: int, position: int) -> int:
    """Return how many records no commit covers yet; the marker of a transaction at the end of the log is none."""
    is_all_decided = buffer.caught_up and not buffer.records and buffer.end >= end
    return 0 if is_all_decided else max(0, end - position)
