"""Reads of one topic: what is in it now, what follows, and one record by its place; by a fake consumer."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.topic_reader import TopicReader

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


@dataclass(frozen=True)
class Stored:
    partition: int
    offset: int


class FakeConsumer:
    """A topic of two partitions with holes, as transaction markers leave them; each fetch returns two records."""

    def __init__(self) -> None:
        self.offsets = {A: [2, 3, 5, 6], B: [0]}
        self.begins, self.ends = {A: 2, B: 0}, {A: 8, B: 2}
        self.next: dict[TopicPartition, int] = {}
        self.arriving: dict[TopicPartition, int] = {}

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {it: self.begins[it] for it in partitions}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {it: self.ends[it] for it in partitions}

    async def position(self, partition: TopicPartition) -> int:
        return self.next[partition]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.next[partition] = offset

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int = 2
    ) -> dict[TopicPartition, list[Stored]]:
        for partition, offset in self.arriving.items():
            self.offsets[partition].append(offset)
            self.ends[partition] = offset + 1
        self.arriving.clear()
        fetched = {}
        for it in partitions:
            left = [offset for offset in self.offsets[it] if offset >= self.next[it]][:max_records]
            self.next[it] = left[-1] + 1 if left else self.ends[it]
            if left:
                fetched[it] = [Stored(it.partition, offset) for offset in left]
        return fetched

    async def __aiter__(self) -> AsyncIterator[Stored]:
        for partition in (A, B):
            for record in (await self.getmany(partition, timeout_ms=0, max_records=99)).get(partition, []):
                yield record


@pytest.fixture
def consumer() -> FakeConsumer:
    return FakeConsumer()


def reader(consumer: Any) -> TopicReader:
    return TopicReader(consumer, consumer, [A, B])


async def test_what_is_in_the_topic_now_is_read_once_and_no_further(consumer: FakeConsumer) -> None:
    consumer.arriving = {B: 5}
    found = [(it.partition, it.offset) async for it in reader(consumer).until_now()]
    assert sorted(found) == [(0, 2), (0, 3), (0, 5), (0, 6), (1, 0)]


async def test_who_reads_on_gets_what_came_meanwhile(consumer: FakeConsumer) -> None:
    consumer.arriving = {A: 8, B: 2}
    topic = reader(consumer)
    assert [it.offset async for it in topic.until_now()] == [2, 3, 0, 5, 6]
    assert [it.offset async for it in topic.until_now(topic.read_to)] == [8, 2]


@pytest.mark.parametrize(
    ("from_beginning", "offsets"), [(True, [(0, 2), (0, 3), (0, 5), (0, 6), (0, 9), (1, 0)]), (False, [(0, 9)])]
)
async def test_following_begins_with_the_first_record_or_with_the_next(
    consumer: FakeConsumer, from_beginning: bool, offsets: list[tuple[int, int]]
) -> None:
    consumer.arriving = {A: 9}
    assert [(it.partition, it.offset) async for it in reader(consumer).follow(from_beginning)] == offsets


@pytest.mark.parametrize(
    ("partition", "offset", "found"),
    [
        (0, 2, True),
        (0, 6, True),
        (0, 1, False),
        (0, 4, False),
        (0, 7, False),
        (0, 8, False),
        (1, 0, True),
        (7, 0, False),
    ],
)
async def test_a_record_is_found_by_its_place_unless_it_is_gone(
    consumer: FakeConsumer, partition: int, offset: int, found: bool
) -> None:
    record = await reader(consumer).at(partition, offset)
    assert record == (Stored(partition, offset) if found else None)
