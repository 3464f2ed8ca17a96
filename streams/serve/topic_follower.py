"""A follower of a topic: reads what is in it, and then what comes, in the background and in short steps."""

import asyncio
import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.faust_driver.private import fetch_again_at_once
from streams.refusal import RefusedError
from streams.serve.problems import ProblemError, why_of
from streams.settings import Settings
from streams.topic_reader import TopicUnreadableError, consuming

logger = logging.getLogger(__name__)

_AT_ONCE = 200
_BUSY_SECONDS, _REST_SECONDS = 0.001, 0.001
"""A rest above 0 lets requests in: they wait for a few records, and not for a hundred thousand."""
_FETCH_MS = 500
_FETCH_BYTES = 256 * 1024
_CHECK_SECONDS = 1.0
_ANSWER_SECONDS = 10.0
_AGAIN_SECONDS = 2.0
_NEAR = 1000
"""So few records behind, what a follower knows is of use."""


class Records(Protocol):
    """Who takes the records of a topic. Those of one partition come in order; the partitions do so in any."""

    def begin(self, left_out: Mapping[int, bool]) -> None:
        """Forget everything: the topic is read anew. Tells of each partition whether older records are left out."""
        ...

    def take(self, record: ConsumerRecord) -> None:
        """Take a record."""
        ...


class TopicFollower:
    """A follower of a topic, from its beginning, but at most about the last ``most`` records."""

    def __init__(self, settings: Settings, topic: str, records: Records, most: int) -> None:
        self._settings = settings
        self._topic = topic
        self._records = records
        self._most = most
        self._trouble = f"{topic} is not read yet"
        self._anew = ""
        self._has_caught_up = False
        self._behind = self._in_all = 0

    def check(self) -> None:
        """Raise ``ProblemError`` while the records taken are not all, or Kafka does not answer."""
        if missing := self.missing():
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, f"{missing}: ask again in a second", 1)

    def missing(self) -> str:
        """Return why not all records are taken; empty if they are."""
        if self._anew:
            return self._anew
        if self._trouble:
            return self._trouble
        if not self._has_caught_up or self._behind > _NEAR:
            done = self._in_all - self._behind
            return f"{self._topic} is being read: {done:,} of {self._in_all:,} records so far"
        return ""

    def read_anew(self, why: str) -> None:
        """Begin with the first record again, soon; until then ``why`` is missing."""
        self._anew = why

    async def run(self) -> NoReturn:
        """Follow until cancelled; after a failure, begin again."""
        while True:
            try:
                # An offset that is out of range is an error here: the topic was made anew, and so is what is known.
                arguments = {"auto_offset_reset": "none", "max_partition_fetch_bytes": _FETCH_BYTES}
                async with consuming(self._settings, self._topic, **arguments) as (consumer, partitions):
                    await self._follow(consumer, partitions)
            except (TopicUnreadableError, RefusedError) as error:
                self._lose(str(error))
            except (KafkaError, OSError, TimeoutError) as error:
                self._lose(self._no_answer(error))
            except Exception:
                logger.exception("what follows %s failed, and begins again", self._topic)
                self._lose(f"reading {self._topic} failed, and the log says how")
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _follow(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        fetch_again_at_once(consumer)
        async with asyncio.timeout(_ANSWER_SECONDS):
            begins, ends = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        share = max(1, self._most // len(partitions))
        # The embedded broker tells wrongly which records are aborted to who does not read from the beginning.
        starts = begins if self._settings.embedded else {it: max(begins[it], ends[it] - share) for it in partitions}
        for partition, offset in starts.items():
            consumer.seek(partition, offset)
        self._has_caught_up, self._anew = False, ""
        self._in_all = sum(ends[it] - starts[it] for it in partitions)
        self._records.begin({it.partition: offset > 0 for it, offset in starts.items()})
        checked = float("-inf")
        while not self._anew:
            if time.monotonic() - checked > _CHECK_SECONDS:
                await self._measure(consumer, partitions, ends)
                checked = time.monotonic()
            fetched = await consumer.getmany(timeout_ms=_FETCH_MS, max_records=_AT_ONCE)
            began = time.monotonic()
            for records in fetched.values():
                for record in records:
                    self._records.take(record)
                    if time.monotonic() - began > _BUSY_SECONDS:
                        await asyncio.sleep(_REST_SECONDS)
                        began = time.monotonic()
            await asyncio.sleep(_REST_SECONDS)

    async def _measure(
        self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition], first_ends: Mapping[TopicPartition, int]
    ) -> None:
        """Find how far behind the reading is; also the only way to notice that Kafka does not answer."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                ends = await consumer.end_offsets(partitions)
                positions = {it: await consumer.position(it) for it in partitions}
        except (KafkaError, OSError, TimeoutError) as error:
            self._lose(self._no_answer(error))
            return
        self._trouble = ""
        self._behind = sum(max(0, ends[it] - positions[it]) for it in partitions)
        if not self._has_caught_up and all(positions[it] >= first_ends[it] for it in partitions):
            self._has_caught_up = True
            logger.info("%s is read: %d records", self._topic, self._in_all)

    def _no_answer(self, error: Exception) -> str:
        return f"Kafka, where {self._topic} is read, does not answer: {why_of(error)}"

    def _lose(self, trouble: str) -> None:
        if trouble != self._trouble:
            logger.warning("trying again: %s", trouble)
        self._trouble = trouble
