"""Whatever step of a batch fails, memory is as before; and everything is sent before the commit."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from agents.batch import Batch, Record
from agents.commit import KeyedValue, carry_out
from streams.partitions.failpoints import POINTS
from tests.support.counting import CountingTracker

STEPS = ("begin", "send_changes", "send_transitions", "send_rejects", "send_account_events", "acknowledged", "commit")
BATCH = Batch(0, 1, [Record("t", 0, 5, b"c", b"v"), Record("t", 1, 6, b"c", b"w")], upto=10)


class RecordedTransaction:
    def __init__(self, failing: str = "", hanging: str = "") -> None:
        self.steps: list[str] = []
        self.sent: dict[str, object] = {}
        self.failing = failing
        self.hanging = hanging

    async def _step(self, name: str, sent: object = None) -> None:
        self.steps.append(name)
        self.sent[name] = sent
        if name == self.failing:
            raise ConnectionError(name)
        if name == self.hanging:
            await asyncio.sleep(60)

    async def begin(self) -> None:
        await self._step("begin")

    async def send_changes(self, changes: Mapping[bytes, bytes | None], marker: bytes) -> None:
        await self._step("send_changes", (dict(changes), marker))

    async def send_transitions(self, transitions: Sequence[KeyedValue]) -> None:
        await self._step("send_transitions", list(transitions))

    async def send_rejects(self, rejects: Sequence[KeyedValue]) -> None:
        await self._step("send_rejects", list(rejects))

    async def send_account_events(self, events: Sequence[KeyedValue], upto: int, *, final: bool) -> None:
        await self._step("send_account_events", (list(events), upto, final))

    async def acknowledged(self) -> None:
        await self._step("acknowledged")

    async def commit(self) -> None:
        await self._step("commit")


async def test_effects_come_in_order_and_memory_last() -> None:
    snapshots: dict[bytes, bytes] = {}
    tracker, transaction, points = CountingTracker(0, snapshots), RecordedTransaction(), list[str]()

    def reached(point: str) -> None:
        points.append(point)
        assert snapshots == {}

    outcome = await carry_out(BATCH, b"marker", tracker, transaction, reached)
    assert transaction.steps == list(STEPS)
    assert points == list(POINTS)
    assert transaction.sent["send_changes"] == ({b"c": b"2"}, b"marker")
    assert transaction.sent["send_transitions"] == [(b"c", b"v", 5), (b"c", b"w", 6)]
    assert snapshots == outcome.changes == {b"c": b"2"}
    assert tracker.upto == 10


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_fails_leaves_memory_as_it_was(step: str) -> None:
    snapshots: dict[bytes, bytes] = {}
    tracker = CountingTracker(0, snapshots)
    transaction = RecordedTransaction(failing=step)
    with pytest.raises(ConnectionError):
        await carry_out(BATCH, b"marker", tracker, transaction)
    assert transaction.steps[-1] == step
    assert (snapshots, tracker.upto) == ({}, 0)


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_hangs_is_cut_short(step: str) -> None:
    snapshots: dict[bytes, bytes] = {}
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await carry_out(BATCH, b"", CountingTracker(0, snapshots), RecordedTransaction(hanging=step))
    assert snapshots == {}
    assert len(asyncio.all_tasks()) == 1 or step == "commit"
