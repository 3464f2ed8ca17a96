"""The feed: the one reader of the transitions topic in a process, which fills the ring for all streams."""

import asyncio
import logging
import time
from collections.abc import Callable

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from streams.refusal import RefusedError
from streams.serve.problems import ProblemError, why_of
from streams.serve.transitions.event import Event
from streams.serve.transitions.position import Ids, Position, advanced, covers, furthest
from streams.serve.transitions.ring import Ring
from streams.serve.transitions.topic import Reader, Topic, TopicMissingError

logger = logging.getLogger(__name__)

_WAIT_SECONDS = 0.5
_RECORDS = 500
_FIRST_RECORDS = 8000
"""So many of the newest records are in the ring from the start on, for those whom another process lost."""
_RETRY_SECONDS = 1.0
_CHECK_SECONDS = 2.0
_STUCK_CHECKS = 5
_PORTION_BYTES = 128 * 1024
_REST_PER_WORK, _MAX_REST_SECONDS = 2.0, 0.2


class TopicChangedError(Exception):
    """A topic whose partitions, or whose records, are no longer those that were read."""


class Feed:
    """Reads from the end of the topic on, survives whatever happens to Kafka, and goes on exactly where it was.

    ``changed`` is called with a sentence when the topic is another one, or when records are gone that were not read:
    the streams cannot go on then.
    """

    def __init__(self, topic: Topic, most_bytes: int, changed: Callable[[str], None]) -> None:
        self.topic = topic
        self.trouble = "the transitions are not read yet: ask again in a second"
        self.lag = 0
        self._most_bytes = most_bytes
        self._changed = changed
        self._ring: Ring | None = None
        self._ids: Ids | None = None
        self._ready = False
        self._until: Position = ()

    @property
    def ready(self) -> bool:
        """Whether streams can begin: the ring has what was in the topic when the process started."""
        return self._ready

    @property
    def ring(self) -> Ring:
        """The ring of a feed that is ready."""
        assert self._ring is not None
        return self._ring

    @property
    def ids(self) -> Ids:
        """The ids of the topic of a feed that is ready."""
        assert self._ids is not None
        return self._ids

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                await self._read()
            except OffsetOutOfRangeError:
                self._begin_anew("records are gone that were not read yet, or the topic was made anew")
            except TopicChangedError as error:
                self._begin_anew(str(error))
            except (TopicMissingError, ProblemError, RefusedError, KafkaError, OSError, TimeoutError) as error:
                self._troubled(why_of(error))
            except Exception:
                logger.exception("the transitions cannot be read")
                self.trouble = "the server failed to read the transitions: its log says how"
            await asyncio.sleep(_RETRY_SECONDS)

    def _begin_anew(self, why: str) -> None:
        self._ready, self._ring = False, None
        self._troubled(why)
        self._changed(why)

    def _troubled(self, trouble: str) -> None:
        if trouble != self.trouble:
            logger.warning("the transitions are not read: %s", trouble)
        self.trouble = trouble

    async def _read(self) -> None:
        cluster, partitions = await self.topic.found()
        if self._ring is None:
            self._ids = Ids(cluster, self.topic.name)
            begins, ends = await self.topic.begins(partitions), await self.topic.ends(partitions)
            self._until = ends
            share = _FIRST_RECORDS // partitions
            self._ring = Ring(furthest(begins, tuple(it - share for it in ends)), self._most_bytes)
        ring = self._ring
        if partitions != len(ring.end):
            raise TopicChangedError(f"the topic has {partitions} partitions now, and had {len(ring.end)}")
        async with self.topic.reader(ring.end) as reader:
            tasks = [asyncio.create_task(it) for it in (self._watch(ring, reader), self._fill(ring, reader))]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _fill(self, ring: Ring, reader: Reader) -> None:
        while True:
            records = await reader.next(_WAIT_SECONDS if self._ready else _WAIT_SECONDS / 10, _RECORDS)
            size = 0
            for record in records:
                size += self._add(ring, record)
                if size >= _PORTION_BYTES:
                    await self._show(ring)
                    size = 0
            ring.end = furthest(ring.end, await reader.position())
            if not self._ready and covers(ring.end, self._until):
                self._ready, self.trouble = True, ""
                logger.info("%s is read for streams", self.topic.name)
            if size:
                await self._show(ring)

    def _add(self, ring: Ring, record: ConsumerRecord) -> int:
        position = advanced(ring.end, record.partition, record.offset + 1)
        event = Event(record.partition, record.offset, record.value or b"", position, self.ids)
        ring.add(event)
        return event.size

    async def _show(self, ring: Ring) -> None:
        """Let the streams write before there is more: a process that cannot keep up is behind, and loses nobody."""
        began = time.process_time()
        ring.wake()
        await asyncio.sleep(0)  # all who waited have written by now
        # The more streams there are, the more events each of them writes at once.
        await asyncio.sleep(min(_MAX_REST_SECONDS, _REST_PER_WORK * (time.process_time() - began)))

    async def _watch(self, ring: Ring, reader: Reader) -> None:
        """See whether Kafka answers, how far the feed is behind, and whether it is stuck."""
        stuck = 0
        while True:
            before = ring.end
            await asyncio.sleep(_CHECK_SECONDS)
            try:
                ends = await self.topic.ends(len(ring.end))
            except ProblemError as problem:
                self._troubled(problem.detail)
                continue
            if self._ready:
                self.trouble = ""
            self.lag = sum(max(0, end - it) for end, it in zip(ends, ring.end, strict=True))
            # A transaction that stays open holds up everybody; nothing is wrong then.
            waits = self.lag and before == ring.end and not covers(ring.end, await reader.stable_ends())
            stuck = stuck + 1 if waits else 0
            if stuck > _STUCK_CHECKS:
                raise TimeoutError("it brings nothing, though there is more")
