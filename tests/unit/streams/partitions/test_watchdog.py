"""The watchdog: the lag it computes, and when it ends the process; by a fake consumer and a clock that only jumps."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from agents.batch import Position
from streams.partitions import watchdog
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.silence import Silence
from streams.partitions.status import GroupStatus, WorkerStatus
from streams.partitions.watchdog import Watchdog
from streams.settings import Settings
from streams.topics import INPUTS

SETTINGS = Settings(availability_timeout=10.0)
START = 1000.0
FIRST, *OTHERS = INPUTS


class EndedError(Exception):
    """The process would have ended here."""


@dataclass
class FakeGroup:
    position: Position | None = None
    idle: bool = False
    status: GroupStatus = field(default_factory=lambda: GroupStatus(state="open", progress=START))
    buffers: list[InputBuffer] = field(default_factory=lambda: [InputBuffer(it, caught_up=False) for it in INPUTS])

    def is_idle(self) -> bool:
        return self.idle


class FakeKafka:
    """The broker, the client of it that the watchdog makes, and the clock: ``on_sleep`` is called with each pause."""

    def __init__(self) -> None:
        self.now = START
        self.ends: dict[str, int] = dict.fromkeys(INPUTS, 0)
        self.silent = False
        self.refuses = False
        self.pauses = 3
        self.calls: list[str] = []
        self.assigned: set[TopicPartition] = set()
        self.paused: set[TopicPartition] = set()

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses -= 1
        if self.pauses == 0:
            raise asyncio.CancelledError

    def end_process(self, reason: str) -> None:
        raise EndedError(reason)

    def client(self, **arguments: Any) -> "FakeKafka":
        assert arguments["isolation_level"] == "read_committed"
        self.calls.append("new")
        return self

    async def start(self) -> None:
        self.calls.append("start")
        if self.refuses:
            raise KafkaConnectionError

    async def stop(self) -> None:
        self.calls.append("stop")

    async def topics(self) -> set[str]:
        self.calls.append("topics")
        return set()

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.calls.append("assign")
        self.assigned = set(partitions)

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused = set(partitions)

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.silent:
            raise TimeoutError
        return {it: self.ends[it.topic] for it in partitions}


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> FakeKafka:
    kafka = FakeKafka()
    monkeypatch.setattr(watchdog, "AIOKafkaConsumer", kafka.client)
    monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: kafka.now))
    monkeypatch.setattr(watchdog, "asyncio", SimpleNamespace(sleep=kafka.sleep, timeout=asyncio.timeout))
    monkeypatch.setattr(watchdog, "end_process", kafka.end_process)
    return kafka


def watchdog_of(kafka: FakeKafka, groups: dict[int, FakeGroup]) -> Watchdog:
    assignment: Any = SimpleNamespace(groups=groups)
    return Watchdog(SETTINGS, assignment, Silence(SETTINGS.broker, WorkerStatus(), lambda: kafka.now))


async def watch(kafka: FakeKafka, groups: dict[int, FakeGroup]) -> None:
    """Watch until the fake clock has run for as many pauses as it was given."""
    with pytest.raises(asyncio.CancelledError):
        await watchdog_of(kafka, groups).watch()


@pytest.mark.parametrize(
    ("end", "position", "lag"),
    [
        (10, None, 10),
        (10, Position({}, 0), 10),
        (10, Position({FIRST: 4}, 0), 6),
        (10, Position({FIRST: 10}, 0), 0),
        (10, Position({FIRST: 12}, 0), 0),
    ],
)
async def test_the_lag_is_the_end_of_the_log_less_the_position(
    kafka: FakeKafka, end: int, position: Position | None, lag: int
) -> None:
    kafka.ends[FIRST], kafka.pauses = end, 1
    group = FakeGroup(position)
    await watch(kafka, {0: group})
    assert group.status.lag == {FIRST: lag, **dict.fromkeys(OTHERS, 0)}


@pytest.mark.parametrize(
    ("end", "idle", "progresses"), [(0, False, True), (0, True, True), (7, True, True), (7, False, False)]
)
async def test_a_group_without_lag_or_work_makes_progress(
    kafka: FakeKafka, end: int, idle: bool, progresses: bool
) -> None:
    kafka.ends[FIRST] = end
    group = FakeGroup(idle=idle)
    await watch(kafka, {0: group})
    assert (group.status.progress > START) is progresses


async def test_a_stalled_group_ends_the_process_once_the_time_is_over(kafka: FakeKafka) -> None:
    kafka.ends[FIRST], kafka.pauses = 7, 5
    await watch(kafka, {3: FakeGroup()})
    assert kafka.now == START + SETTINGS.availability_timeout
    kafka.pauses = 9
    stalled = {3: FakeGroup(status=GroupStatus(state="failed", reason="no disk", progress=START))}
    with pytest.raises(EndedError, match=r"partition 3 made no progress for 10 s with .*'customer.*': 7.*: no disk"):
        await watchdog_of(kafka, stalled).watch()
    assert kafka.now == START + 12


async def test_a_stalled_group_without_a_reason_says_its_state(kafka: FakeKafka) -> None:
    kafka.ends[FIRST], kafka.pauses = 7, 9
    groups = {0: FakeGroup(status=GroupStatus(state="opening", progress=START))}
    with pytest.raises(EndedError, match="it is opening"):
        await watchdog_of(kafka, groups).watch()


async def test_a_stopped_group_waits_for_a_person_and_is_left_alone(kafka: FakeKafka) -> None:
    kafka.ends[FIRST], kafka.pauses = 7, 50
    group = FakeGroup(status=GroupStatus(state="stopped", reason="records lost", progress=START))
    await watch(kafka, {0: group})
    assert kafka.now == START + 100
    assert group.status.lag[FIRST] == 7


async def test_silence_ends_the_process_once_the_time_is_over(kafka: FakeKafka) -> None:
    kafka.silent, kafka.pauses = True, 50
    groups = {0: FakeGroup(status=GroupStatus(state="stopped"))}
    with pytest.raises(EndedError, match=r"Kafka at 127.0.0.1:9092 has not answered for 10 s"):
        await watchdog_of(kafka, groups).watch()
    assert kafka.now == START + 12
    assert kafka.calls.count("new") == 1
    assert kafka.calls[-1] == "stop"


async def test_one_answer_makes_up_for_the_silence_before_it(kafka: FakeKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    kafka.pauses = 50
    sleep = kafka.sleep

    async def sleep_and_answer_now_and_then(seconds: float) -> None:
        await sleep(seconds)
        kafka.silent = (kafka.now - START) % 10 != 0

    faked = SimpleNamespace(sleep=sleep_and_answer_now_and_then, timeout=asyncio.timeout)
    monkeypatch.setattr(watchdog, "asyncio", faked)
    await watch(kafka, {0: FakeGroup()})
    assert kafka.now == START + 100


async def test_a_client_that_cannot_connect_is_stopped_and_made_anew(kafka: FakeKafka) -> None:
    kafka.refuses, kafka.pauses = True, 2
    await watch(kafka, {})
    assert kafka.calls == ["new", "start", "stop"] * 2
    kafka.refuses, kafka.pauses, kafka.calls = False, 2, []
    await watch(kafka, {})
    assert kafka.calls == ["new", "start", "topics", "topics", "stop"]


async def test_partitions_are_assigned_when_the_groups_change_and_never_fetched(kafka: FakeKafka) -> None:
    groups = {0: FakeGroup(), 2: FakeGroup()}
    await watch(kafka, groups)
    assert kafka.calls.count("assign") == 1
    assert kafka.assigned == kafka.paused == {TopicPartition(topic, it) for topic in INPUTS for it in (0, 2)}
    del groups[0]
    kafka.pauses = 3
    await watch(kafka, groups)
    assert kafka.calls.count("assign") == 2
    assert kafka.assigned == kafka.paused == {TopicPartition(topic, 2) for topic in INPUTS}


async def test_the_marker_of_a_transaction_at_the_end_of_the_log_is_no_lag(kafka: FakeKafka) -> None:
    kafka.ends[FIRST], kafka.pauses = 10, 1
    group = FakeGroup(Position({FIRST: 9}, 0))
    read = group.buffers[0]
    read.end, read.next_offset, read.caught_up = 10, 9, True
    await watch(kafka, {0: group})
    assert group.status.lag[FIRST] == 0
    read.end = 9
    kafka.pauses = 1
    await watch(kafka, {0: group})
    assert group.status.lag[FIRST] == 1
