"""The watchdog: the lag it computes, and when it ends the process; by a fake consumer and a clock that only jumps."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

from agents.batch import Position
from streams.partitions import topic_watch, watchdog
from streams.partitions.input_buffer import InputBuffer
from streams.partitions.silence import Silence
from streams.partitions.status import GroupStatus, WorkerStatus
from streams.partitions.watchdog import Watchdog
from streams.settings import Settings
from streams.topic_metadata import TopicMetadata
from streams.topics import INPUTS, topics_of

SETTINGS = Settings(availability_timeout=10.0)
START = 1000.0
FIRST, *OTHERS = INPUTS
TOPICS = topics_of(SETTINGS)
CHANGELOG = TOPICS.changelog
IDS = {name: name.encode() for name in (*INPUTS, CHANGELOG)}


class EndedError(Exception):
    """The process would have ended here."""


@dataclass
class FakeGroup:
    position: Position | None = None
    idle: bool = False
    partition: int = 0
    topic_ids: dict[str, bytes] = field(default_factory=dict)
    read_to: int = 0
    changelog_end: int = 0
    status: GroupStatus = field(default_factory=lambda: GroupStatus(state="open", progress=START))
    buffers: list[InputBuffer] = field(default_factory=lambda: [InputBuffer(it, caught_up=False) for it in INPUTS])

    def is_idle(self) -> bool:
        return self.idle


class FakeKafka:
    """The broker, the client of it that the watchdog makes, and the clock: ``on_sleep`` is called with each pause."""

    def __init__(self) -> None:
        self.now = START
        self.ends: dict[str, int] = dict.fromkeys((*INPUTS, CHANGELOG), 0)
        self.present = {name: TopicMetadata(name.encode(), 4) for name in TOPICS.all}
        self.cleanup = ""
        self.stopped: list[str] = []
        self.tried: list[int] = []
        self.looks: Callable[[], None] = lambda: None
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

    @asynccontextmanager
    async def metadata(self, _settings: Settings, _names: Sequence[str]) -> AsyncIterator["FakeKafka"]:
        yield self

    async def read(self) -> dict[str, TopicMetadata]:
        self.calls.append("metadata")
        self.looks()
        return self.present

    async def wrong_cleanup(self, _settings: Settings) -> str:
        return self.cleanup

    def stop_group(self, group: "FakeGroup", reason: str) -> None:
        self.stopped.append(reason)
        group.status.state, group.status.reason = "stopped", reason

    def try_again(self, group: "FakeGroup") -> None:
        self.tried.append(group.partition)

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
    monkeypatch.setattr(watchdog, "topic_metadata", kafka.metadata)
    monkeypatch.setattr(topic_watch, "wrong_cleanup", kafka.wrong_cleanup)
    for module in (watchdog, topic_watch):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: kafka.now))
    monkeypatch.setattr(watchdog, "asyncio", SimpleNamespace(sleep=kafka.sleep, timeout=asyncio.timeout))
    monkeypatch.setattr(watchdog, "end_process", kafka.end_process)
    return kafka


def watchdog_of(kafka: FakeKafka, groups: dict[int, FakeGroup]) -> Watchdog:
    assignment: Any = SimpleNamespace(groups=groups, stop_group=kafka.stop_group, try_again=kafka.try_again)
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
    assert kafka.calls == ["new", "start", "metadata", "metadata", "stop"]


async def test_partitions_are_assigned_when_the_groups_change_and_never_fetched(kafka: FakeKafka) -> None:
    groups = {0: FakeGroup(), 2: FakeGroup()}
    await watch(kafka, groups)
    assert kafka.calls.count("assign") == 1
    assert kafka.assigned == kafka.paused == {TopicPartition(topic, it) for topic in IDS for it in (0, 2)}
    del groups[0]
    kafka.pauses = 3
    await watch(kafka, groups)
    assert kafka.calls.count("assign") == 2
    assert kafka.assigned == kafka.paused == {TopicPartition(topic, 2) for topic in IDS}


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


def counted() -> FakeGroup:
    """Return an open group that was counted to the fifth record of the first input, in the topics that exist."""
    return FakeGroup(Position({FIRST: 5}, 0, {}, IDS, 4), topic_ids=IDS, changelog_end=9)


async def test_an_input_made_again_stops_its_groups_though_it_is_long_enough(kafka: FakeKafka) -> None:
    kafka.ends[FIRST], kafka.pauses = 7, 1
    kafka.present[FIRST] = TopicMetadata(b"another", 4)
    group = counted()
    await watch(kafka, {0: group})
    assert group.status.state == "stopped"
    assert f"{FIRST}[0] was deleted and made again" in group.status.reason
    assert group.status.lag[FIRST] == 7, "nothing of the new log is counted"


async def test_a_position_beyond_the_end_stops_a_group_when_it_is_seen_twice(kafka: FakeKafka) -> None:
    kafka.ends[FIRST], kafka.pauses = 3, 1
    group = counted()
    await watch(kafka, {0: group})
    assert (kafka.stopped, group.status.lag[FIRST]) == ([], 3)
    kafka.ends[FIRST], kafka.pauses = 0, 2
    await watch(kafka, {0: group})
    assert "ends at 0, but records up to 5 are counted" in group.status.reason
    assert group.status.lag[FIRST] == 1, "never 0 where records are gone"


async def test_a_topic_that_a_broker_does_not_know_for_a_moment_stops_nobody(kafka: FakeKafka) -> None:
    looks = 0

    def miss_now_and_then() -> None:
        nonlocal looks
        looks += 1
        kafka.present = {name: TopicMetadata(name.encode(), 4) for name in TOPICS.all if name != FIRST or looks % 2}

    kafka.ends[FIRST], kafka.pauses, kafka.looks = 5, 20, miss_now_and_then
    await watch(kafka, {0: counted()})
    assert kafka.stopped == []


@pytest.mark.parametrize(
    ("name", "words"),
    [(FIRST, "skip-lost --partition 0"), (CHANGELOG, "which holds the customers.*topics create --start-over")],
)
async def test_a_topic_that_is_away_stops_a_group_until_it_is_back(kafka: FakeKafka, name: str, words: str) -> None:
    kafka.ends[FIRST], kafka.pauses = 5, 50
    group = counted()
    kept = kafka.present.pop(name)

    def come_back() -> None:
        if kafka.now >= START + 60:
            kafka.present[name] = kept

    kafka.looks = come_back
    await watch(kafka, {0: group})
    assert len(kafka.stopped) == 1
    assert re.search(f"no such topic: {name}.*{words}", kafka.stopped[0])
    assert kafka.now == START + 100, "the process goes on for the others"
    assert kafka.tried == [0], "when it is back, and the same one, the group may go on"


async def test_more_partitions_stop_every_group(kafka: FakeKafka) -> None:
    kafka.present[OTHERS[1]] = TopicMetadata(IDS[OTHERS[1]], 8)
    groups = {0: counted(), 1: counted()}
    await watch(kafka, groups)
    assert [group.status.state for group in groups.values()] == ["stopped"] * 2
    assert f"{OTHERS[1]} has 8 partitions now, and was counted with 4" in kafka.stopped[0]


async def test_more_partitions_of_an_output_concern_nobody(kafka: FakeKafka) -> None:
    kafka.present[TOPICS.transitions] = TopicMetadata(b"", 8)
    kafka.ends[FIRST] = 5
    await watch(kafka, {0: counted()})
    assert kafka.stopped == []


async def test_another_cleanup_policy_is_seen_within_a_minute_and_mended_by_itself(kafka: FakeKafka) -> None:
    kafka.ends[FIRST], kafka.pauses = 5, 80

    def change() -> None:
        kafka.cleanup = "it must be delete" if START + 10 < kafka.now < START + 90 else ""

    kafka.looks = change
    await watch(kafka, {0: counted()})
    assert kafka.stopped == ["it must be delete"]
    assert kafka.tried == [0]


async def test_a_stopped_group_is_tried_again_when_a_person_has_written_into_its_changelog(kafka: FakeKafka) -> None:
    kafka.ends |= {FIRST: 5, CHANGELOG: 9}
    group = counted()
    group.status.state, group.status.reason = "stopped", "records are lost"
    await watch(kafka, {0: group})
    assert kafka.tried == []
    kafka.ends[CHANGELOG], kafka.pauses = 11, 1
    await watch(kafka, {0: group})
    assert kafka.tried == [0]


async def test_a_group_that_is_being_opened_is_left_alone(kafka: FakeKafka) -> None:
    kafka.present[FIRST] = TopicMetadata(b"another", 4)
    group = counted()
    group.status.state = "opening"
    await watch(kafka, {0: group})
    assert (kafka.stopped, kafka.tried) == ([], [])


async def test_without_ids_the_end_of_the_changelog_tells_that_it_is_another_one(kafka: FakeKafka) -> None:
    kafka.present = {name: TopicMetadata(b"", 4) for name in TOPICS.all}
    kafka.ends |= {FIRST: 5, CHANGELOG: 2}
    group = FakeGroup(Position({FIRST: 5}, 0, {}, {}, 4), read_to=8)
    await watch(kafka, {0: group})
    assert "was deleted and made again: stop all workers" in group.status.reason
