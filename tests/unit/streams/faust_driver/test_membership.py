"""The membership: what it fetches, how it commits offsets, and how it leaves the group."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.faust_driver import membership as module
from streams.faust_driver.membership import Listener, Membership

INPUT, ORDINARY = TopicPartition("customer.purchases", 0), TopicPartition("orders", 0)


class FakeConsumer:
    """The client of the membership."""

    def __init__(self, *assigned: TopicPartition) -> None:
        self._subscription = SimpleNamespace(reassignment_in_progress=False)
        self.assigned = set(assigned)
        self.paused: set[TopicPartition] = set()
        self.polled: list[set[TopicPartition]] = []
        self.committed: list[dict[TopicPartition, int]] = []
        self.error: Exception | None = None

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused |= set(partitions)

    async def getmany(self, *partitions: TopicPartition) -> dict[Any, Any]:
        self.polled.append(set(partitions))
        return {}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        if self.error is not None:
            raise self.error
        self.committed.append(offsets)


class Scripted(Membership):
    """A membership without a thread, which polls once."""

    def __init__(self, consumer: FakeConsumer) -> None:
        self._consumer: Any = consumer
        self.log: Any = logging.getLogger("test")
        self.is_ordinary = lambda partition: partition.topic == ORDINARY.topic

    async def itertimer(self, *_arguments: Any, **_options: Any) -> Any:
        yield 0.0


async def test_input_topics_are_paused_before_faust_is_notified_of_an_assignment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = FakeConsumer()
    paused_when_notified: list[set[TopicPartition]] = []

    async def notified(_listener: Any, _assigned: Any) -> None:
        paused_when_notified.append(set(consumer.paused))

    monkeypatch.setattr(driver.ConsumerRebalanceListener, "on_partitions_assigned", notified)
    await Listener(Scripted(consumer)).on_partitions_assigned(iter([INPUT, ORDINARY]))
    assert paused_when_notified == [{INPUT}]


@pytest.mark.parametrize(
    ("assigned", "polled"),
    [
        ((), [set()]),
        ((INPUT,), [{INPUT}]),
        ((INPUT, ORDINARY), [{INPUT}]),
        ((ORDINARY,), []),
    ],
)
async def test_it_polls_so_that_it_is_not_taken_for_dead_but_never_what_an_agent_reads(
    assigned: tuple[TopicPartition, ...], polled: list[set[TopicPartition]]
) -> None:
    consumer = FakeConsumer(*assigned)
    await Membership._poll.fun(Scripted(consumer))
    assert consumer.polled == polled


async def test_offsets_are_committed_and_a_refused_commit_raises_nothing() -> None:
    consumer = FakeConsumer(INPUT)
    it = Scripted(consumer)
    assert await it._commit({TP(*INPUT): 3})
    assert consumer.committed == [{INPUT: 3}]
    consumer.error = CommitFailedError("the group has rebalanced")
    assert not await it._commit({TP(*INPUT): 4})


async def test_leaving_a_group_that_does_not_answer_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    left: list[bool] = []

    async def leave(_thread: Any) -> None:
        left.append(True)

    async def wait_for_ever(_thread: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "_LEAVE_SECONDS", 0.01)
    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "on_thread_stop", leave)
    await Scripted(FakeConsumer()).on_thread_stop()
    assert (left, caplog.text) == ([True], "")
    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "on_thread_stop", wait_for_ever)
    await Scripted(FakeConsumer()).on_thread_stop()
    assert "ended without leaving it" in caplog.text


def test_aborted_records_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SimpleNamespace(_isolation_level="read_uncommitted")
    monkeypatch.setattr(driver.AIOKafkaConsumerThread, "_create_worker_consumer", lambda _thread, _transport: made)
    transport: Any = None
    assert Scripted(FakeConsumer())._create_worker_consumer(transport)._isolation_level == "read_committed"
