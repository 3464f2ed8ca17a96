"""The agent ``track``: it carries out every batch whose group it holds, and no error of a batch leaves it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from agents.batch import Batch, PendingBatch, Position, Record
from agents.commit import unreached
from agents.observer import Committed, Customers, Observers
from agents.track import Agent, track
from tests.support.counting import CountingTracker


class LogTransaction:
    """A transaction that keeps the markers of what was committed; it fails or hangs when it is asked to."""

    def __init__(self) -> None:
        self.markers: list[bytes] = []
        self.fails = False
        self.hangs = False
        self._marker = b""

    async def begin(self) -> None:
        if self.fails:
            raise ConnectionError("the broker is away")
        if self.hangs:
            await asyncio.Event().wait()

    async def send_changes(self, changes: Mapping[bytes, bytes | None], marker: bytes) -> None:
        self._marker = marker

    async def send_transitions(self, transitions: Sequence[object]) -> None:
        pass

    async def send_rejects(self, rejects: Sequence[object]) -> None:
        pass

    async def send_account_events(self, events: Sequence[object], upto: int, *, final: bool) -> None:
        pass

    async def acknowledged(self) -> None:
        pass

    async def commit(self) -> None:
        self.markers.append(self._marker)


class OneGroup:
    """The groups of a worker that has one, which is also what the agent is given of it."""

    partition = 0

    def __init__(self) -> None:
        self.state = CountingTracker(0, {})
        self.transaction = LogTransaction()
        self.lost = False
        self.calls: list[str] = []

    @asynccontextmanager
    async def hold(self, pending: PendingBatch) -> AsyncIterator["OneGroup | None"]:
        yield None if self.lost else self

    def committed(self, pending: PendingBatch) -> None:
        self.calls.append(f"committed {pending.position.upto}")

    def failed(self, error: Exception) -> None:
        self.calls.append(f"failed {type(error).__name__}")

    def abandoned(self) -> None:
        self.calls.append("abandoned")


class Uptos:
    """An observer that keeps how far each commit came."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        pass

    def committed(self, committed: Committed) -> None:
        self.seen.append(committed.position.upto)

    def closed(self, partition: int) -> None:
        pass


def pending(upto: int) -> PendingBatch:
    record = Record("customer.purchases", upto, upto, b"c", b"v%d" % upto)
    return PendingBatch(Batch(0, 1, [record], upto), Position({}, upto), b"marker %d" % upto)


async def stream(*batches: PendingBatch) -> AsyncIterator[PendingBatch]:
    for batch in batches:
        yield batch


def agent(group: OneGroup, seen: Uptos, timeout: float = 60.0) -> Agent:
    return track(group, Observers([seen]), lambda: 0.0, timeout, unreached)


async def test_batches_are_committed_in_order_and_shown() -> None:
    group, seen = OneGroup(), Uptos()
    await agent(group, seen)(stream(pending(1), pending(2)))
    assert group.transaction.markers == [b"marker 1", b"marker 2"]
    assert group.calls == ["committed 1", "committed 2"]
    assert seen.seen == [1, 2]
    assert group.state.snapshots == {b"c": b"2"}


async def test_a_batch_of_a_group_that_is_gone_is_dropped() -> None:
    group, seen = OneGroup(), Uptos()
    group.lost = True
    await agent(group, seen)(stream(pending(1)))
    assert (group.transaction.markers, group.calls, seen.seen) == ([], [], [])


async def test_a_batch_that_fails_is_given_up_and_the_agent_goes_on() -> None:
    group, seen = OneGroup(), Uptos()
    group.transaction.fails = True

    async def failing_once() -> AsyncIterator[PendingBatch]:
        yield pending(1)
        group.transaction.fails = False
        yield pending(1)

    await agent(group, seen)(failing_once())
    assert group.calls == ["failed ConnectionError", "committed 1"]
    assert seen.seen == [1]
    assert group.state.snapshots == {b"c": b"1"}


async def test_a_batch_that_takes_too_long_is_given_up() -> None:
    group, seen = OneGroup(), Uptos()
    group.transaction.hangs = True
    await agent(group, seen, timeout=0.01)(stream(pending(1)))
    assert group.calls == ["failed TimeoutError"]
    assert seen.seen == []


async def test_a_batch_is_abandoned_when_the_worker_stops() -> None:
    group, seen = OneGroup(), Uptos()
    group.transaction.hangs = True
    task = asyncio.ensure_future(agent(group, seen)(stream(pending(1))))
    while not task.done() and not group.calls:
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert group.calls == ["abandoned"]


async def test_the_agent_outlives_a_batch_whose_transaction_is_discarded() -> None:
    class Discarded(LogTransaction):
        async def acknowledged(self) -> None:
            sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            sent.cancel()
            await sent

    group, seen = OneGroup(), Uptos()
    group.transaction = Discarded()
    await agent(group, seen)(stream(pending(1), pending(2)))
    assert group.calls == ["abandoned", "abandoned"]
    assert seen.seen == []
