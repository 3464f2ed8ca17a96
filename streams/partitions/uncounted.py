"""Records that are not counted yet: several logs, read piece by piece and merged by time."""

import heapq
from collections import deque
from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

_PIECE = 1000


class UncountedLog:
    """What a log holds from a client's place in it up to an end; paused whenever it is not being read."""

    def __init__(self, consumer: AIOKafkaConsumer, place: TopicPartition, end: int) -> None:
        self.place = place
        self._consumer = consumer
        self._end = end
        self._read: deque[ConsumerRecord] = deque()

    async def next(self, *, keep: bool = False) -> ConsumerRecord | None:
        """Return the next record, None at the end; with ``keep`` it comes again."""
        while not self._read and await self._consumer.position(self.place) < self._end:
            self._consumer.resume(self.place)
            for records in (await self._consumer.getmany(self.place, timeout_ms=300, max_records=_PIECE)).values():
                self._read += [record for record in records if record.offset < self._end]
            self._consumer.pause(self.place)
        if not self._read:
            return None
        return self._read[0] if keep else self._read.popleft()


async def in_order(logs: Sequence[UncountedLog]) -> AsyncIterator[ConsumerRecord]:
    """Yield the records of all logs by time, those of one log in their order."""
    waiting: list[tuple[int, int, ConsumerRecord]] = []

    async def take(number: int, after: int) -> None:
        record = await logs[number].next()
        if record is not None:
            heapq.heappush(waiting, (max(after, record.timestamp), number, record))

    for number in range(len(logs)):
        await take(number, 0)
    while waiting:
        time, number, record = heapq.heappop(waiting)
        yield record
        await take(number, time)
