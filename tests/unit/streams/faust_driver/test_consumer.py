"""The client of the input topics, and the membership in the group."""

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from streams.faust_driver.consumer import BatchConsumer
from streams.faust_driver.membership import Membership
from streams.faust_driver.private import set_fetch_wait
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.inputs import Inputs
from streams.settings import Settings

PLACE = TopicPartition("t", 0)


@pytest.mark.parametrize(("lso", "highwater", "end"), [(5, 7, 5), (-1, 7, 7), (None, 7, 7), (None, None, 0)])
def test_the_end_is_the_last_stable_offset_where_there_is_one(lso: int | None, highwater: int | None, end: int) -> None:
    inputs = Inputs(Settings(), set_fetch_wait)
    inputs._consumer = SimpleNamespace(last_stable_offset=lambda _: lso, highwater=lambda _: highwater)
    assert inputs.end(PLACE) == end


@pytest.mark.parametrize("rebalancing", [True, False])
async def test_group_offsets_wait_for_the_end_of_a_rebalance(rebalancing: bool) -> None:
    written: list[object] = []

    async def commit(offsets: object) -> None:
        written.append(offsets)

    membership = object.__new__(Membership)
    subscription = SimpleNamespace(reassignment_in_progress=rebalancing)
    membership._consumer = SimpleNamespace(_subscription=subscription, commit=commit)
    assert await membership._commit({TP("t", 0): 3}) is not rebalancing
    assert bool(written) is not rebalancing


def test_closing_from_another_thread_leaves_the_client_alone() -> None:
    membership = object.__new__(Membership)
    membership._consumer = SimpleNamespace()
    membership.close()
    assert vars(membership._consumer) == {}


class RecordingInputs:
    """Inputs that only record from where they are to fetch."""

    def __init__(self) -> None:
        self.offsets: dict[TopicPartition, int] = {}
        self.begun = 0

    def places(self) -> set[TopicPartition]:
        return set(self.offsets)

    def begin(self, offsets: dict[TopicPartition, int]) -> None:
        self.offsets = dict(offsets)
        self.begun += 1

    def seek(self, offsets: dict[TopicPartition, int]) -> None:
        self.offsets |= offsets


def test_what_fetches_goes_where_the_buffers_are() -> None:
    consumer = object.__new__(BatchConsumer)
    inputs = RecordingInputs()
    consumer.inputs = inputs  # type: ignore[assignment]
    other = TopicPartition("t", 1)
    buffers = {PLACE: InputBuffer("t", next_offset=3), other: InputBuffer("t", next_offset=8)}
    consumer._seek_where_needed(buffers)
    assert inputs.offsets == {PLACE: 3, other: 8}

    buffers[other].next_offset = 9  # it goes on by itself
    buffers[PLACE].restart(2, 10, 0, None)
    consumer._seek_where_needed(buffers)
    assert inputs.offsets == {PLACE: 2, other: 8}
    assert inputs.begun == 1

    consumer._seek_where_needed({other: buffers[other]})
    assert inputs.offsets == {other: 9}


A, B = TP("ordinary", 0), TP("ordinary", 1)


def ordinary(*assigned: TP) -> BatchConsumer:
    """A consumer of partitions that another agent reads."""
    made = object.__new__(BatchConsumer)
    made._waiting, made._buffered_partitions = {}, set()
    made._read_offset, made._committed_offset = {}, {}
    made.is_ordinary = lambda partition: True  # type: ignore[method-assign]
    made.assignment = lambda: set(assigned)  # type: ignore[method-assign]
    return made


def test_a_record_waits_while_its_agent_has_no_room() -> None:
    consumer = ordinary(A, B)
    consumer._waiting = {A: deque([1, 2, 3]), B: deque([4])}
    yielded = []
    for place, record in consumer._ordinary_records():
        yielded.append((place, record))
        consumer._buffered_partitions.add(A)
    assert yielded == [(A, 1), (B, 4)]
    consumer._buffered_partitions.clear()
    assert list(consumer._ordinary_records()) == [(A, 2), (A, 3)]
    assert consumer._waiting == {}


async def test_records_of_a_partition_that_has_left_are_dropped() -> None:
    consumer = ordinary(A)
    consumer._ordinary = asyncio.get_running_loop().create_future()
    consumer._ordinary.set_result({A: [1], B: [2]})
    assert list(consumer._ordinary_records()) == [(A, 1)]


def test_a_rebalance_drops_what_waits() -> None:
    consumer = ordinary()
    consumer.can_resume_flow, consumer.suspend_flow = asyncio.Event(), asyncio.Event()
    consumer._waiting = {A: deque([1, 2])}
    for _ in consumer._ordinary_records():
        consumer.stop_flow()
    assert consumer._waiting == {}


async def test_after_a_rebalance_an_ordinary_partition_goes_back_to_what_was_committed_or_to_its_beginning() -> None:
    consumer = ordinary(A, B)
    begun: list[TP] = []

    async def seek_to_committed() -> dict[TP, Any]:
        return {A: 7, B: None}

    async def seek_to_beginning(*places: TP) -> None:
        begun.extend(places)

    consumer.seek_to_committed = seek_to_committed  # type: ignore[method-assign]
    consumer._thread = SimpleNamespace(seek_to_beginning=seek_to_beginning)  # type: ignore[assignment]
    consumer._ordinary = asyncio.get_running_loop().create_future()
    consumer._ordinary.set_result({B: [1]})
    await consumer.perform_seek()
    assert consumer._read_offset == {A: 7, B: None}
    assert begun == [B]
    assert list(consumer._ordinary_records()) == []
