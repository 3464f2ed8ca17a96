"""Group writes: what is written together, in which order, and who is told of a failure."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch

from streams.serve.intake.group_writes import GroupWrites, PlacedRecord
from streams.serve.problems import ProblemError

PLACE, ELSEWHERE = TopicPartition("t", 0), TopicPartition("t", 1)


class Broker:
    """A producer whose batches are acknowledged when the test says so."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, list[bytes]]] = []
        self.answers: list[asyncio.Future[None]] = []

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(1000, 0)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> "asyncio.Future[None]":
        values = [it.value for it in DefaultRecordBatch(bytes(batch._build()))]
        self.batches.append((partition, values))
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]

    async def sent(self, number: int) -> None:
        while len(self.answers) < number:
            await asyncio.sleep(0)


def record(value: int, place: TopicPartition = PLACE, size: int = 1) -> PlacedRecord:
    return PlacedRecord(place, b"k", b"%d" % value * size, 1_700_000_000_000)


@asynccontextmanager
async def writing(broker: Broker) -> Any:
    writes = GroupWrites(broker)
    running = asyncio.create_task(writes.run())
    yield writes, running
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_comes_during_a_write_is_the_next_one() -> None:
    broker = Broker()
    async with writing(broker) as (writes, _):
        first = asyncio.create_task(writes.write([record(1)]))
        await broker.sent(1)
        others = [asyncio.create_task(writes.write([record(it), record(it, ELSEWHERE)])) for it in (2, 3, 4)]
        await asyncio.sleep(0.01)
        assert len(broker.batches) == 1
        assert not first.done()
        broker.answers[0].set_result(None)
        await first
        await broker.sent(3)
        assert broker.batches[1:] == [(0, [b"2", b"3", b"4"]), (1, [b"2", b"3", b"4"])]
        broker.answers[1].set_result(None)
        await asyncio.sleep(0.01)
        assert not any(it.done() for it in others)  # half of it is not all of it
        broker.answers[2].set_result(None)
        await asyncio.gather(*others)


async def test_more_than_a_batch_holds_keeps_its_order() -> None:
    broker = Broker()
    async with writing(broker) as (writes, _):
        values = list(range(10, 60))
        written = asyncio.create_task(writes.write([record(it, size=50) for it in values]))
        while not written.done():
            await asyncio.sleep(0)
            for it in broker.answers:
                if not it.done():
                    it.set_result(None)
        await written
        assert len(broker.batches) > 1
        assert [it[:2] for _, of_batch in broker.batches for it in of_batch] == [b"%d" % it for it in values]


async def test_when_a_write_fails_everybody_is_told_and_it_is_over() -> None:
    broker = Broker()
    async with writing(broker) as (writes, running):
        under_way = asyncio.create_task(writes.write([record(1)]))
        await broker.sent(1)
        behind = asyncio.create_task(writes.write([record(2)]))
        await asyncio.sleep(0)
        broker.answers[0].set_exception(KafkaError("gone"))
        for it in (under_way, behind):
            with pytest.raises(ProblemError) as told:
                await it
            assert told.value.status == 503
            assert told.value.retry_seconds
        with pytest.raises(KafkaError):
            await running
