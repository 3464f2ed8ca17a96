"""The client of the input topics, and the membership in the group."""

import asyncio
import logging
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from faust.types import TP

from streams.faust_driver import consumer as module
from streams.faust_driver.consumer import BatchConsumer
from streams.faust_driver.membership import Membership
from streams.faust_driver.private import set_fetch_wait
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.inputs import Inputs
from streams.partitions.linger import Linger
from streams.partitions.partition_group import PartitionGroup
from streams.settings import Settings
from streams.topics import Topics, topics_of
from tests.support.counting import CountingTracker

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


class FakeInputs(RecordingInputs):
    """Inputs whose logs begin, end and were read to where the test says; one that has no answer hangs."""

    def __init__(self, begin: int = 0, end: int = 0, position: int = 0) -> None:
        super().__init__()
        self.offsets = {PLACE: 0}
        self._begin, self._end, self._position = begin, end, position
        self.fetches: list[tuple[list[TopicPartition], bool]] = []
        self.answers: list[Any] = []

    async def fetch(self, places: list[TopicPartition], caught_up: bool, seconds: float, hold: float) -> Any:
        self.fetches.append((list(places), caught_up))
        if not self.answers:
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self, _place: TopicPartition) -> int:
        return self._end

    async def first(self, _place: TopicPartition) -> int:
        return self._begin

    async def position(self, _place: TopicPartition) -> int:
        return self._position


class ScriptedConsumer(BatchConsumer):
    """A consumer without Kafka, of one group that has one topic."""

    should_stop = False
    flow_active = True

    def __init__(self, inputs: FakeInputs) -> None:
        settings = Settings()
        self.group = PartitionGroup(0, settings, CountingTracker(0, {}))
        self.group.open(1, dict.fromkeys(topics_of(settings).inputs, 0))
        self.group.buffers = [InputBuffer("t", end=9, needs_seek=False, caught_up=False)]
        self.inputs = inputs  # type: ignore[assignment]
        self.linger = Linger(settings)
        self.assignment_of_groups: Any = SimpleNamespace(groups={0: self.group}, settings=settings, batch_ended=None)
        self.topics = Topics(("t",), "transitions", "rejects", "changelog")
        self.log: Any = logging.getLogger("test")
        self.pauses: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._numbers = Counter()
        self._unacked_messages = set()

    @property
    def buffer(self) -> InputBuffer:
        return self.group.buffers[0]

    async def sleep(self, n: Any, *_arguments: Any) -> None:
        self.pauses.append(n)

    def _is_changelog_tp(self, _tp: Any) -> bool:
        return False


def records(*offsets: int) -> dict[TopicPartition, list[Any]]:
    return {
        PLACE: [
            SimpleNamespace(offset=it, timestamp=5, key=b"c", value=b"v", serialized_value_size=1) for it in offsets
        ]
    }


@pytest.mark.parametrize(
    ("begin", "fetched", "state", "next_offset", "seeks"),
    [
        (0, records(0, 1, 2), "open", 3, False),
        (0, records(2, 3), "open", 0, True),
        (2, records(2, 3), "stopped", 0, True),
        (0, {}, "open", 0, False),
    ],
)
async def test_a_hole_is_fetched_again_unless_the_log_begins_behind_it(
    begin: int, fetched: Any, state: str, next_offset: int, seeks: bool
) -> None:
    consumer = ScriptedConsumer(FakeInputs(begin, end=9))
    await consumer._accept(fetched)
    assert consumer.group.status.state == state
    assert (consumer.buffer.next_offset, consumer.buffer.needs_seek) == (next_offset, seeks)
    assert bool(consumer.group.status.reason) is (state == "stopped")


@pytest.mark.parametrize(("position", "caught_up"), [(8, False), (9, True)])
async def test_the_marker_at_the_end_of_a_log_is_not_waited_for(position: int, caught_up: bool) -> None:
    consumer = ScriptedConsumer(FakeInputs(end=9, position=position))
    await consumer._accept({})
    assert consumer.buffer.caught_up is caught_up


async def test_a_fetch_from_before_a_seek_is_not_accepted() -> None:
    consumer = ScriptedConsumer(FakeInputs())
    consumer.buffer.needs_seek = True
    await consumer._accept(records(0, 1))
    assert consumer.buffer.records == []


async def test_a_failed_fetch_is_made_again_from_the_same_offset() -> None:
    inputs = FakeInputs(end=9)
    inputs.answers = [KafkaConnectionError("away"), records(0, 1)]
    consumer = ScriptedConsumer(inputs)
    await consumer._fetch()
    assert (consumer.buffer.needs_seek, consumer.pauses) == (True, [1.0])
    await consumer._fetch()
    assert consumer.buffer.next_offset == 2
    assert inputs.fetches == [([PLACE], False)] * 2

    inputs.answers = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        await consumer._fetch()
    assert consumer.buffer.needs_seek


async def test_a_fetch_that_is_not_allowed_any_more_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def end_process(reason: str) -> None:
        raise SystemExit(reason)

    monkeypatch.setattr(module, "end_process", end_process)
    inputs = FakeInputs()
    inputs.answers = [TopicAuthorizationFailedError("orders")]
    with pytest.raises(SystemExit, match="to Read on topic orders"):
        await ScriptedConsumer(inputs)._fetch()


async def test_a_batch_that_ends_is_reason_enough_to_look_again() -> None:
    inputs = FakeInputs()
    consumer = ScriptedConsumer(inputs)
    fetching = asyncio.ensure_future(consumer._fetch())
    await asyncio.sleep(0)
    consumer.assignment_of_groups.batch_ended.set_result(None)
    await fetching
    assert len(inputs.fetches) == 1
    inputs.answers = [{}]
    again = asyncio.ensure_future(consumer._fetch())
    await asyncio.sleep(0)
    assert len(inputs.fetches) == 1, "the fetch under way is waited for, no second one is made"
    consumer.assignment_of_groups.batch_ended.set_result(None)
    await again
    assert consumer._fetching is not None
    consumer._fetching.cancel()


async def test_batches_are_numbered_one_by_one_and_forgotten_when_acknowledged() -> None:
    inputs = FakeInputs(end=2)
    inputs.answers = [records(0, 1), records(2)]
    consumer = ScriptedConsumer(inputs)
    consumer.buffer.end = 2
    seen = []
    for _ in range(2):
        async for tp, message in consumer.getmany(1.0):
            assert tp == message.tp == TP(consumer.topics.inputs[0], 0)
            pending: Any = message.value
            seen.append((message.offset, len(pending.batch.records)))
            consumer._unacked_messages.add(message)
            assert consumer.ack(message)
            consumer.group.committed(pending)
    assert seen == [(1, 2), (2, 1)]
    assert consumer._unacked_messages == set()
    assert consumer._new_offset(TP("t", 0)) == 3
    assert consumer._new_offset(TP("t", 5)) is None
