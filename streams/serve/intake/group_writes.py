"""Group writes: the records of all requests that came while Kafka acknowledged those before them, written together."""

import asyncio
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition

from streams.serve.intake.room import RETRY_SECONDS
from streams.serve.problems import ProblemError

PATIENCE_SECONDS = 5.0
"""How long a request waits for Kafka: SDKs give up after ten seconds."""


logger = logging.getLogger(__name__)


class PlacedRecord(NamedTuple):
    """A record and its place; ``time`` is in ms since 1970."""

    place: TopicPartition
    key: bytes | None
    value: bytes
    time: int


class _Open(NamedTuple):
    batch: Any  # of aiokafka, which has no types
    written: asyncio.Future[None]


class GroupWrites:
    """The writes of one idempotent producer, of which one is under way at a time; what comes meanwhile is the next.

    So what a request costs is shared when there are many, nobody waits for company when there are few, and the records
    of a partition keep their order. A write that Kafka does not acknowledge goes on, for the producer must not leave it
    out; those who wait for it are told that it failed, and nothing is taken until it is through.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._next: dict[TopicPartition, list[_Open]] = {}
        self._under_way: list[_Open] = []
        self._has_next = asyncio.Event()
        self._is_stalled = False

    @property
    def is_stalled(self) -> bool:
        """Whether Kafka has not acknowledged a write for longer than anybody waits."""
        return self._is_stalled

    async def write(self, records: Iterable[PlacedRecord]) -> None:
        """Write records in their order; return when Kafka has all of them. Raises ``ProblemError`` if it has not."""
        if self._is_stalled:
            raise not_acknowledged()
        written = {self._add(record) for record in records}
        self._has_next.set()
        done, waiting = await asyncio.wait(written, timeout=PATIENCE_SECONDS)
        if waiting or any(it.exception() is not None for it in done):
            raise not_acknowledged()

    async def run(self) -> None:
        """Write until something fails for good; raises what failed. Nobody waits any more then."""
        try:
            while True:
                await self._has_next.wait()
                self._has_next.clear()
                self._under_way = [it for batches in self._next.values() for it in batches]
                places = [place for place, batches in self._next.items() for _ in batches]
                self._next = {}
                await self._acknowledged(places)
        finally:
            self._fail([*self._under_way, *(it for batches in self._next.values() for it in batches)])

    async def _acknowledged(self, places: list[TopicPartition]) -> None:
        sending = asyncio.ensure_future(self._send(places))
        try:
            done, _ = await asyncio.wait([sending], timeout=PATIENCE_SECONDS)
            if not done:
                self._is_stalled = True
                logger.warning("no events are taken: Kafka has acknowledged nothing for %.0f s", PATIENCE_SECONDS)
                # Not handed to the producer yet: who sent it will send it again.
                self._fail([it for batches in self._next.values() for it in batches])
                self._next = {}
            await sending
        finally:
            sending.cancel()
        if self._is_stalled:
            self._is_stalled = False
            logger.info("events are taken: Kafka acknowledges again")
        for it in self._under_way:
            if not it.written.done():
                it.written.set_result(None)
        self._under_way = []

    async def _send(self, places: list[TopicPartition]) -> None:
        acknowledged = []
        for place, it in zip(places, self._under_way, strict=True):
            it.batch.close()
            acknowledged.append(await self._producer.send_batch(it.batch, place.topic, partition=place.partition))
        await asyncio.gather(*acknowledged)

    def _add(self, record: PlacedRecord) -> asyncio.Future[None]:
        batches = self._next.setdefault(record.place, [])
        if batches and self._append(batches[-1], record):
            return batches[-1].written
        batches.append(_Open(self._producer.create_batch(), asyncio.get_running_loop().create_future()))
        self._append(batches[-1], record)  # the first record of a batch is taken whatever its size
        return batches[-1].written

    @staticmethod
    def _append(to: _Open, record: PlacedRecord) -> bool:
        return to.batch.append(key=record.key, value=record.value, timestamp=record.time) is not None

    @staticmethod
    def _fail(batches: Iterable[_Open]) -> None:
        for it in batches:
            if not it.written.done():
                it.written.set_exception(not_acknowledged())
                it.written.exception()  # somebody may wait for it no longer


def not_acknowledged() -> ProblemError:
    """Return the problem of events that Kafka has not acknowledged, or not all of them."""
    detail = (
        "Kafka has not acknowledged the events, or not all of them: send them again; those that it has count once, by "
        "their messageId"
    )
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, RETRY_SECONDS)
