"""Ordinary topics: what is delivered, what a rebalance drops, and where it seeks back to."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP

from streams.faust_driver.ordinary_topics import OrdinaryConsumer

A, B = TP("ordinary", 0), TP("ordinary", 1)
OTHER = TP("other", 0)


class Scripted(OrdinaryConsumer):
    """A consumer without Kafka, whose delivered records a test reads."""

    def __init__(self, committed: dict[TP, int | None]) -> None:
        self._delivering, self._read_offset, self._committed_offset = {A.topic}, {A: None, B: None}, {}
        self.suspend_flow, self.can_resume_flow = asyncio.Event(), asyncio.Event()
        self.delivered: list[tuple[TP, int]] = []
        self.gaps: list[tuple[TP, int, int]] = []
        self.seeks: dict[TP, int] = {}
        self.scheduler = DefaultSchedulingStrategy()  # type: ignore[abstract]
        self._committed = committed

    should_stop = False

    def is_ordinary(self, partition: Any) -> bool:
        return True

    def assignment(self) -> set[TP]:
        return set(self._committed)

    async def seek_to_committed(self) -> dict[TP, int | None]:  # type: ignore[override]
        return self._committed

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 3)

    async def seek_wait(self, partitions: Any) -> None:
        self.seeks |= partitions

    async def callback(self, message: Any) -> None:
        self.delivered.append(message)

    def _to_message(self, tp: TP, record: Any) -> Any:
        return tp, record.offset

    async def wait_first(self, delivery: Any, *others: Any) -> Any:  # type: ignore[override]
        for other in others:
            other.close()
        await delivery

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        self.gaps.append((tp, offset_from, offset_to))


def records(*offsets: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(offset=offset) for offset in offsets]


async def test_records_are_delivered_in_order_and_their_gaps_never_hold_a_record() -> None:
    consumer = Scripted({A: 5})
    await consumer.perform_seek()
    await consumer._deliver(A.topic, {A: records(5, 6, 9, 10)}, consumer._rewinds)
    assert consumer.delivered == [(A, 5), (A, 6), (A, 9), (A, 10)]
    assert consumer.gaps == [(A, 7, 8)]
    assert consumer._read_offset[A] == 10
    assert consumer._delivering == set()


async def test_a_rebalance_drops_what_is_not_delivered_yet() -> None:
    consumer = Scripted({A: 5})
    before = consumer._rewinds
    consumer.stop_flow()
    await consumer._deliver(A.topic, {A: records(5, 6)}, before)
    assert consumer.delivered == []


async def test_after_a_rebalance_it_goes_back_to_what_was_committed_or_to_the_beginning() -> None:
    consumer = Scripted({A: 7, B: None})
    consumer._polling = asyncio.get_running_loop().create_future()
    seek = asyncio.ensure_future(consumer.perform_seek())
    await asyncio.sleep(0)
    assert consumer.seeks == {}, "a fetch under way would move the client on after the seek"
    consumer._polling.set_result({B: records(1)})
    await seek
    assert consumer.seeks == {B: 3}
    assert consumer._read_offset == {A: 7, B: None}


class Serving(Scripted):
    """A consumer that serves ordinary topics until its script is at its end."""

    flow_active = True

    def __init__(self, *script: Any) -> None:
        super().__init__({A: None, OTHER: None})
        self._delivering = set()
        self._script = list(script)
        self.asked: list[set[TP]] = []
        self.pauses: list[float] = []
        self.deliveries: list[tuple[str, dict[TP, Any], int]] = []
        self.log: Any = logging.getLogger("test")

    @property
    def should_stop(self) -> bool:  # type: ignore[override]
        return not self._script

    def _get_active_partitions(self) -> set[TP]:
        return {A, OTHER}

    async def sleep(self, n: Any, *_arguments: Any) -> None:
        self.pauses.append(n)
        self._script.pop(0)

    async def _getmany(self, active: set[TP], timeout: float) -> Any:  # type: ignore[override]
        self.asked.append(active)
        answer = self._script[0]
        if isinstance(answer, Exception):
            raise answer
        self._script.pop(0)
        return answer

    async def _deliver(self, topic: str, fetched: Any, rewinds: int) -> None:
        self.deliveries.append((topic, fetched, rewinds))

    def add_future(self, coro: Any) -> Any:
        return asyncio.ensure_future(coro)


serve: Any = OrdinaryConsumer._serve_ordinary


async def test_each_topic_is_delivered_by_itself_and_not_fetched_while_its_agent_works() -> None:
    consumer = Serving({A: records(1), OTHER: records(2)}, {}, {})
    await serve.fun(consumer)
    await asyncio.sleep(0)
    assert consumer.asked[0] == {A, OTHER}
    delivered = sorted(consumer.deliveries, key=lambda delivery: delivery[0])
    assert delivered == [("ordinary", {A: records(1)}, 0), ("other", {OTHER: records(2)}, 0)]
    assert consumer._delivering == {"ordinary", "other"}
    assert consumer.asked[1:] == [], "both agents are at work"
    assert len(consumer.pauses) == 2


async def test_a_failed_fetch_is_made_again_after_a_pause(caplog: pytest.LogCaptureFixture) -> None:
    consumer = Serving(KafkaConnectionError("away"), {A: records(1)})
    await serve.fun(consumer)
    await asyncio.sleep(0)
    assert consumer.pauses == [1.0]
    assert "fetching for ordinary agents failed" in caplog.text
    assert [topic for topic, *_ in consumer.deliveries] == ["ordinary"]


async def test_nothing_is_fetched_during_a_rebalance() -> None:
    consumer = Serving({}, {})
    consumer.flow_active = False
    await serve.fun(consumer)
    assert (consumer.asked, len(consumer.pauses)) == ([], 2)
