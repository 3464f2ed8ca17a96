"""The watchdog: measures the lag, and ends a worker that makes no progress."""

import asyncio
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.connection import client_arguments
from streams.fatal import end_process
from streams.partitions.assignment import Assignment
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.silence import Silence
from streams.settings import Settings
from streams.topics import topics_of

_EVERY_SECONDS = 2.0
_ANSWER_SECONDS = 10.0


class Watchdog:
    """A task that asks Kafka for the ends of the input logs, with a client of its own that nothing else can block."""

    def __init__(self, settings: Settings, assignment: Assignment, silence: Silence) -> None:
        self._settings = settings
        self._assignment = assignment
        self._silence = silence
        self._inputs = topics_of(settings).inputs
        self._consumer: AIOKafkaConsumer | None = None

    async def watch(self) -> None:
        """Run until cancelled; end the process when Kafka is away, or a group stalls, for the availability time-out."""
        limit = self._settings.availability_timeout
        self._silence.ended()  # the worker has found Kafka before this
        try:
            while True:
                try:
                    async with asyncio.timeout(max(_EVERY_SECONDS, min(_ANSWER_SECONDS, limit / 4))):
                        await self._measure(await self._connected())
                    self._silence.ended()
                except (KafkaError, TimeoutError, OSError) as error:
                    if self._silence.lasts(error) > limit:
                        end_process(f"Kafka at {self._settings.broker} has not answered for {limit:.0f} s")
                self._end_if_stalled(limit)
                await asyncio.sleep(_EVERY_SECONDS)
        finally:
            if self._consumer is not None:
                await self._consumer.stop()

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **client_arguments(self._settings), isolation_level="read_committed", enable_auto_commit=False
            )
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

    async def _measure(self, consumer: AIOKafkaConsumer) -> None:
        groups = dict(self._assignment.groups)
        wanted = {TopicPartition(topic, partition) for topic in self._inputs for partition in groups}
        if not wanted:
            await consumer.topics()
            return
        if consumer.assignment() != wanted:
            consumer.assign(list(wanted))
            consumer.pause(*wanted)
        ends = await consumer.end_offsets(list(wanted))
        for partition, group in groups.items():
            positions = {} if group.position is None else group.position.positions
            group.status.lag = {
                it.topic: _lag(it, ends[TopicPartition(it.topic, partition)], positions.get(it.topic, 0))
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
