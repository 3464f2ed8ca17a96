"""The client of the input topics, and the membership in the group."""

from types import SimpleNamespace

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
