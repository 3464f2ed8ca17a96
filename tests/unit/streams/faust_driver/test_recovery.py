"""Recovery: a rebalance opens the groups in a task of its own, and the records flow only for the newest one."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka.errors import IllegalStateError
from faust.exceptions import ImproperlyConfigured
from faust.tables.recovery import ServiceStopped
from faust.types import TP

from streams.faust_driver import recovery
from streams.faust_driver.recovery import TransactionalRecovery, table_manager

INPUTS = frozenset({"purchases", "support"})
ASSIGNED = {TP("purchases", 0), TP("support", 0), TP("purchases", 2), TP("other", 5), TP("changelog", 7)}


class EndedError(BaseException):
    """The process would have ended here."""


class FakeAssignment:
    """An assignment whose ``take`` waits until the test lets it go on, and then raises what it was given."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.may_go_on = asyncio.Event()
        self.error: Exception | None = None

    async def take(self, partitions: set[int], generation: int) -> None:
        self.steps.append(f"take {sorted(partitions)} in {generation}")
        try:
            await self.may_go_on.wait()
        except asyncio.CancelledError:
            self.steps.append("cancelled")
            raise
        if self.error is not None:
            raise self.error

    async def stop(self) -> None:
        self.steps.append("stop")


class Scripted(TransactionalRecovery):
    """A recovery without Faust's app, whose streams resume in ``resumed``."""

    should_stop = False

    def __init__(self) -> None:
        self.assignment: Any = FakeAssignment()
        self.inputs = INPUTS
        self.completed = asyncio.Event()
        self.app: Any = SimpleNamespace(consumer_generation_id=1)
        self.log: Any = logging.getLogger("test")
        self.resumed: list[int] = []
        self.error: Exception | None = None

    async def _resume_streams(self, generation_id: int = 0) -> None:
        if self.error is not None:
            raise self.error
        self.resumed.append(generation_id)

    async def rebalance(self, generation: int, assigned: set[TP] = ASSIGNED) -> None:
        self.app.consumer_generation_id = generation
        await self.on_rebalance(assigned, set(), assigned, generation)
        await self.settle()

    async def go_on(self) -> None:
        self.assignment.may_go_on.set()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    reasons: list[str] = []
    monkeypatch.setattr(recovery, "end_process", reasons.append)
    return reasons


async def test_a_rebalance_returns_at_once_and_the_streams_resume_when_the_groups_are_open() -> None:
    it = Scripted()
    it.completed.set()
    await it.rebalance(1)
    assert it.assignment.steps == ["take [0, 2] in 1"], "only the input topics have groups"
    assert not it.completed.is_set()
    assert it.resumed == []
    await it.go_on()
    assert it.resumed == [1]


async def test_a_second_rebalance_cancels_the_first() -> None:
    it = Scripted()
    await it.rebalance(1)
    await it.rebalance(2, {TP("support", 3)})
    await it.go_on()
    assert it.assignment.steps == ["take [0, 2] in 1", "cancelled", "take [3] in 2"]
    assert it.resumed == [2]


async def test_groups_of_an_outdated_generation_do_not_resume_the_streams() -> None:
    it = Scripted()
    await it.rebalance(1)
    it.app.consumer_generation_id = 2
    await it.go_on()
    assert it.resumed == []


async def test_a_worker_that_stops_opens_nothing_and_leaves_nothing_open() -> None:
    it = Scripted()
    await it.rebalance(1)
    await it.on_stop()
    assert it.assignment.steps == ["take [0, 2] in 1", "cancelled", "stop"]
    it.should_stop = True
    await it.rebalance(2)
    await it.go_on()
    assert it.assignment.steps[3:] == []
    assert it.resumed == []


async def test_a_reassignment_in_mid_resume_is_left_to_the_next_rebalance(ended: list[str]) -> None:
    it = Scripted()
    it.error = IllegalStateError("not assigned")
    await it.rebalance(1)
    await it.go_on()
    assert (it.resumed, ended) == ([], [])


async def test_a_worker_told_to_stop_in_mid_resume_does_not_end_as_a_failure(ended: list[str]) -> None:
    it = Scripted()
    it.error = ServiceStopped()
    await it.rebalance(1)
    await it.go_on()
    await it.on_stop()
    assert (it.resumed, ended) == ([], [])
    assert it.assignment.steps[-1] == "stop"


async def test_any_other_failure_ends_the_process(ended: list[str], caplog: pytest.LogCaptureFixture) -> None:
    it = Scripted()
    it.assignment.error = RuntimeError("no room on disk")
    await it.rebalance(1)
    await it.go_on()
    assert ended == ["opening the partitions failed: RuntimeError('no room on disk')"]
    assert "Traceback" in caplog.text


def test_partitions_that_are_revoked_stay_until_the_next_assignment() -> None:
    it = object.__new__(Scripted)
    it.on_partitions_revoked(ASSIGNED)
    assert vars(it) == {}


def test_an_app_has_one_table_and_one_recovery() -> None:
    assignment: Any = object()
    app = faust.App("tables", store="memory://", autodiscover=False, TableManager=table_manager(assignment, INPUTS))
    app.Table("customers")
    with pytest.raises(ImproperlyConfigured, match="the table others would be neither restored nor kept by partition"):
        app.Table("others")
    made: Any = app.tables.recovery  # type: ignore[attr-defined]
    assert made is app.tables.recovery  # type: ignore[attr-defined]
    assert (made.assignment, made.inputs) == (assignment, INPUTS)
