"""Ordinary topics: what is delivered, what a rebalance drops, and where it seeks back to."""

import asyncio
from types import SimpleNamespace
from typing import Any

from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP

from streams.faust_driver.ordinary_topics import OrdinaryConsumer

A, B = TP("ordinary", 0), TP("ordinary", 1)


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
