"""What a changelog says of a partition group: its customers, its position, and whether records were lost."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from agents.batch import Position
from state.timeline.snapshot import VERSION, read_header
from streams.partitions import changelog
from streams.partitions.changelog import MarkerMissingError, read_changelogs
from streams.partitions.partition_group import PartitionGroup
from streams.partitions.position import POSITION_KEY, encode_position
from streams.partitions.position import VERSION as MARKER_VERSION
from streams.partitions.status import Restore
from streams.settings import Settings
from streams.topic_metadata import TopicMetadata
from streams.topics import topics_of
from tests.support.counting import CountingTracker

SETTINGS = Settings(availability_timeout=2.0)
TOPICS = topics_of(SETTINGS)
FIRST, *OTHERS = TOPICS.inputs
LOG = TopicPartition(TOPICS.changelog, 0)
IDS = {name: name.encode() for name in (*TOPICS.inputs, TOPICS.changelog)}
TOLD = 70


@dataclass
class Stored:
    offset: int
    key: bytes
    value: bytes | None
    topic: str = TOPICS.changelog
    partition: int = 0


def marker(
    offset: int,
    positions: Mapping[str, int],
    upto: int = 5,
    ids: Mapping[str, bytes] | None = None,
    partitions: int = 0,
) -> Stored:
    return Stored(
        offset, POSITION_KEY, encode_position(Position(positions, upto, {}, ids or {}, partitions, "murmur2"))
    )


class FakeConsumer:
    """A client whose changelog is ``records`` and ends at ``end``; the input logs reach from 0 to ``ends``."""

    def __init__(self, records: list[Stored], end: int | None = None) -> None:
        self.records = records
        self.end = len(records) + 1 if end is None else end  # a transaction marker follows the records
        self.begins = dict.fromkeys(TOPICS.inputs, 0)
        self.ends = dict.fromkeys(TOPICS.inputs, 0)
        self.present = {name: TopicMetadata(name.encode(), 4) for name in TOPICS.all}
        self.earlier: dict[int, str] = {}
        self.now = 0.0
        self.silent = False
        self.sought = -1
        self.running = False
        self.collector_was_enabled = True

    @asynccontextmanager
    async def metadata(self, _settings: Settings, names: Sequence[str]) -> AsyncIterator["FakeConsumer"]:
        assert set(names) == set(TOPICS.all) - {TOPICS.rejects}
        yield self

    async def read(self) -> Mapping[str, TopicMetadata]:
        return {name: it for name, it in self.present.items() if name != TOPICS.rejects}

    async def counted_before(self, _settings: Settings, begins: Mapping[int, Mapping[str, int]]) -> dict[int, str]:
        assert begins == {0: self.begins}
        return self.earlier

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def assign(self, partitions: list[TopicPartition]) -> None:
        assert {it.topic for it in partitions} == {TOPICS.changelog, TOPICS.transitions, *TOPICS.inputs}

    def pause(self, *partitions: TopicPartition) -> None:
        assert LOG not in partitions

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {it: 0 if it == LOG else self.begins[it.topic] for it in partitions}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        ends = {**self.ends, TOPICS.changelog: self.end, TOPICS.transitions: TOLD}
        return {it: ends[it.topic] for it in partitions}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition == LOG
        self.sought = self._next = offset

    async def position(self, _partition: TopicPartition) -> int:
        return self._next

    async def getmany(self, *_logs: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, Any]:
        self.now += timeout_ms / 1000
        self.collector_was_enabled &= gc.isenabled()
        if self.silent:
            return {}
        fetched = [it for it in self.records if it.offset >= self._next][:2]
        self._next = fetched[-1].offset + 1 if fetched else self.end
        return {LOG: fetched} if fetched else {}


async def read(
    monkeypatch: pytest.MonkeyPatch, consumer: FakeConsumer, group: PartitionGroup | None = None, embedded: bool = False
) -> PartitionGroup:
    group = group or PartitionGroup(0, SETTINGS, CountingTracker(0, {}))
    monkeypatch.setattr(changelog, "AIOKafkaConsumer", lambda **_: consumer)
    monkeypatch.setattr(changelog, "topic_metadata", consumer.metadata)
    monkeypatch.setattr(changelog, "counted_before", consumer.counted_before)
    monkeypatch.setattr(changelog, "time", SimpleNamespace(monotonic=lambda: consumer.now))
    try:
        ends = await read_changelogs(Settings(availability_timeout=2.0, embedded=embedded), [group])
    finally:
        assert not consumer.running
        assert gc.isenabled()
    assert ends == {0: consumer.ends}
    assert group.status.transitions_end == TOLD
    return group


def customers(group: PartitionGroup) -> dict[bytes, bytes]:
    assert isinstance(group.state, CountingTracker)
    return dict(group.state.snapshots)


async def test_the_last_snapshot_and_the_last_marker_count(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        Stored(0, b"a", b"1"),
        Stored(1, b"b", b"1"),
        marker(2, {FIRST: 2}),
        Stored(4, b"a", b"2"),
        Stored(5, b"b", None),
        marker(6, {FIRST: 4}, upto=9),
    ]
    consumer = FakeConsumer(records, end=8)
    consumer.ends = dict.fromkeys(TOPICS.inputs, 6)
    group = await read(monkeypatch, consumer)
    assert customers(group) == {b"a": b"2"}
    assert group.position == Position({FIRST: 4, **dict.fromkeys(OTHERS, 0)}, 9, {}, IDS, 4, "murmur2")
    assert (group.read_to, group.status.reason, group.lost) == (7, "", {})
    assert not consumer.collector_was_enabled


async def test_what_is_read_is_told_while_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Restore | None] = []

    class Telling(FakeConsumer):
        async def getmany(self, *logs: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, Any]:
            told.append(group.status.restore)
            return await super().getmany(*logs, timeout_ms=timeout_ms, max_records=max_records)

    group = PartitionGroup(0, SETTINGS, CountingTracker(0, {}))
    consumer = Telling([Stored(0, b"a", b"1"), Stored(1, b"b", b"1"), Stored(3, b"c", b"1"), marker(4, {})], end=6)
    await read(monkeypatch, consumer, group)
    assert [(it.done, it.offsets) for it in told if it is not None] == [(0, 6), (2, 6), (5, 6)]
    assert [it.seconds_left for it in told if it is not None] == [None, None, pytest.approx(0.1)]
    assert group.status.restore is None


async def test_others_have_a_turn_between_the_records_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0

    async def serve() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    consumer = FakeConsumer([*(Stored(it, b"a", b"1") for it in range(40)), marker(40, {})])
    serving = asyncio.create_task(serve())
    await read(monkeypatch, consumer)
    serving.cancel()
    assert turns >= 20, "the client of this test hands out two records at a time, and waits for nothing"


async def test_a_group_that_was_read_before_is_read_on_except_on_the_embedded_broker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = FakeConsumer([Stored(0, b"a", b"1"), marker(1, {})])
    group = await read(monkeypatch, consumer)
    consumer.records += [Stored(3, b"a", b"2"), marker(4, {})]
    consumer.end = 6
    await read(monkeypatch, consumer, group)
    assert (consumer.sought, customers(group), group.read_to) == (2, {b"a": b"2"}, 5)
    await read(monkeypatch, consumer, group, embedded=True)
    assert (consumer.sought, customers(group)) == (0, {b"a": b"2"})


async def test_an_empty_changelog_is_a_group_at_the_beginning_of_its_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = FakeConsumer([], end=0)
    consumer.begins[FIRST] = consumer.ends[FIRST] = 30
    group = await read(monkeypatch, consumer)
    assert group.position == Position({FIRST: 30, **dict.fromkeys(OTHERS, 0)}, 0, {}, IDS, 4)
    assert (group.status.reason, group.lost) == ("", {}), "nothing was counted, so nothing was lost"


async def test_records_without_a_marker_are_of_unknown_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MarkerMissingError, match=r"lifestage-customers-changelog\[0\] holds records but no position"):
        await read(monkeypatch, FakeConsumer([Stored(0, b"a", b"1")]))


async def test_a_changelog_that_brings_nothing_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = FakeConsumer([marker(0, {})])
    consumer.silent = True
    with pytest.raises(TimeoutError, match="brought nothing for 2 s"):
        await read(monkeypatch, consumer)
    assert consumer.now == pytest.approx(2.1)


@pytest.mark.parametrize(
    ("begin", "position", "end", "reason"),
    [
        (0, 5, 9, ""),
        (5, 5, 9, ""),
        (0, 9, 9, ""),
        (6, 5, 9, "begins at 6, but the next record to count is 5: 1 offsets were deleted"),
        (0, 10, 9, "ends at 9, but records up to 10 are counted"),
    ],
)
async def test_a_position_must_lie_within_its_log(
    monkeypatch: pytest.MonkeyPatch, begin: int, position: int, end: int, reason: str
) -> None:
    consumer = FakeConsumer([marker(0, {FIRST: position})])
    consumer.begins[FIRST], consumer.ends[FIRST] = begin, end
    group = await read(monkeypatch, consumer)
    assert reason in group.status.reason
    assert bool(group.status.reason) is bool(reason)
    assert group.lost == ({FIRST: begin} if position < begin else {FIRST: end} if position > end else {})


@pytest.mark.parametrize(
    ("ids", "partitions", "words", "lost"),
    [
        ({}, 0, "", {}),
        (IDS, 4, "", {}),
        ({**IDS, FIRST: b"before"}, 4, f"{FIRST}[0] was deleted and made again", {FIRST: 3}),
        ({**IDS, TOPICS.changelog: b"before"}, 4, "else delete it, and count everything again", {}),
        (IDS, 2, "counted with 2 partitions, and LIFESTAGE_PARTITIONS says 4", {}),
    ],
)
async def test_a_position_belongs_to_the_topics_that_it_was_counted_in(
    monkeypatch: pytest.MonkeyPatch, ids: Mapping[str, bytes], partitions: int, words: str, lost: Mapping[str, int]
) -> None:
    consumer = FakeConsumer([marker(0, {FIRST: 5}, ids=ids, partitions=partitions)])
    consumer.begins[FIRST], consumer.ends[FIRST] = 3, 9
    group = await read(monkeypatch, consumer)
    assert words in group.status.reason
    assert bool(group.status.reason) is bool(words)
    assert group.lost == lost
    assert group.position is not None
    assert group.position.topic_ids == {**IDS, **ids}, "what it was counted in stays known"


async def test_without_ids_only_the_ends_of_the_logs_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = FakeConsumer([marker(0, {FIRST: 5}, ids=IDS)])
    consumer.present = {name: TopicMetadata(b"", 4) for name in TOPICS.all}
    group = await read(monkeypatch, consumer)
    assert "ends at 0, but records up to 5 are counted" in group.status.reason
    assert group.lost == {FIRST: 0}
    consumer.ends[FIRST], consumer.records, consumer.end = 9, [], 0
    group = await read(monkeypatch, consumer, group)
    assert "was deleted and made again: stop all workers" in group.status.reason


async def test_more_partitions_concern_every_position(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = FakeConsumer([marker(0, {FIRST: 5}, ids=IDS, partitions=4)])
    consumer.present[OTHERS[0]] = TopicMetadata(IDS[OTHERS[0]], 8)
    group = await read(monkeypatch, consumer)
    assert f"{OTHERS[0]} has 8 partitions now, and was counted with 4" in group.status.reason
    assert group.lost == {}


async def test_a_topic_that_a_broker_made_again_by_itself_is_no_case_for_more_partitions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = FakeConsumer([marker(0, {FIRST: 5}, ids=IDS, partitions=4)])
    consumer.present[FIRST] = TopicMetadata(b"another", 1)
    group = await read(monkeypatch, consumer)
    assert f"{FIRST} was deleted and made again with 1 partitions instead of 4" in group.status.reason
    consumer.present |= {FIRST: TopicMetadata(IDS[FIRST], 4), TOPICS.changelog: TopicMetadata(b"another", 1)}
    assert "count everything again" in (await read(monkeypatch, consumer, group)).status.reason


async def test_what_was_counted_before_needs_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = FakeConsumer([], end=0)
    consumer.earlier = {0: "it was counted before"}
    group = await read(monkeypatch, consumer)
    assert (group.status.reason, group.position) == ("it was counted before", None)
    # Even if it is opened again, as long as nobody has decided.
    group = await read(monkeypatch, consumer, group)
    assert group.status.reason == "it was counted before"
    consumer.records, consumer.end = [marker(0, {})], 2
    assert (await read(monkeypatch, consumer, group)).status.reason == ""


@pytest.mark.parametrize("missing", [FIRST, TOPICS.changelog, TOPICS.transitions])
async def test_a_topic_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    consumer = FakeConsumer([marker(0, {FIRST: 5})])
    del consumer.present[missing]
    monkeypatch.setattr(changelog, "topic_metadata", consumer.metadata)
    monkeypatch.setattr(changelog, "_LOOK_AGAIN_SECONDS", 0.0)
    group = PartitionGroup(0, SETTINGS, CountingTracker(0, {}))
    assert await read_changelogs(SETTINGS, [group]) == {}
    assert f"no such topic: {missing}" in group.status.reason


class Reading(CountingTracker):
    """A group state that reads the headers of snapshots, as the real one does."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        if value is not None:
            read_header(value)
        super().restore(key, value)


def snapshot(version: int) -> bytes:
    return bytes((version, 0)) + b"\0" * 20


async def test_a_snapshot_of_a_newer_version_stops_the_group_there(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [Stored(0, b"a", snapshot(VERSION)), Stored(1, b"b", snapshot(VERSION + 1)), marker(2, {})]
    group = PartitionGroup(0, SETTINGS, Reading(0, {}))
    for _ in ("first", "again"):  # it is read again from the record on that could not be read
        await read(monkeypatch, FakeConsumer(records), group)
        assert (customers(group), group.read_to) == ({b"a": snapshot(VERSION)}, 1)
        assert f"snapshots of version {VERSION + 1}, and this lifestage reads 3 to {VERSION}" in group.status.reason
    records[1] = Stored(1, b"b", snapshot(VERSION))
    await read(monkeypatch, FakeConsumer(records), group)
    assert (group.status.reason, group.unreadable, group.read_to, len(customers(group))) == ("", "", 3, 2)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (msgspec.msgpack.encode({"version": MARKER_VERSION + 1}), f"position markers of version {MARKER_VERSION + 1}"),
        (b"\xc1", r"the position marker at offset 1 of lifestage-customers-changelog[0] does not decode"),
    ],
)
async def test_a_marker_that_cannot_be_read_stops_the_group(
    monkeypatch: pytest.MonkeyPatch, value: bytes, reason: str
) -> None:
    group = PartitionGroup(0, SETTINGS, Reading(0, {}))
    await read(monkeypatch, FakeConsumer([Stored(0, b"a", snapshot(VERSION)), Stored(1, POSITION_KEY, value)]), group)
    assert reason in group.status.reason and "LIFESTAGE_APP_ID" in group.status.reason
    assert group.read_to == 1
