"""The batches of a partition group and their ``upto``, on either clock."""

from dataclasses import dataclass
from typing import Literal

import pytest

from agents.batch import Position, Watermark
from streams.partitions.input_buffer import PATIENCE_MS
from streams.partitions.partition_group import TELL_MS, PartitionGroup
from streams.partitions.position import decode_position, encode_position
from streams.partitions.watermarks import WATERMARK_KEY
from streams.settings import Settings
from streams.topics import topics_of
from tests.support.counting import CountingTracker

NOW = 1_700_000_000_000


@dataclass
class Fetched:
    offset: int
    timestamp: int
    key: bytes | None = b"c"
    value: bytes | None = b"v"
    serialized_value_size: int = 1


def watermark(offset: int, text: str, final: bool = False) -> Fetched:
    value = b'{"type":"watermark","timestamp":"%s","final":%s}' % (text.encode(), str(final).lower().encode())
    return Fetched(offset, 0, WATERMARK_KEY, value)


def opened(
    clock: Literal["wall", "stream"] = "wall", ends: tuple[int, int, int, int] = (0, 0, 0, 0), batch_records: int = 100
) -> PartitionGroup:
    settings = Settings(clock=clock, batch_records=batch_records)
    group = PartitionGroup(0, settings, CountingTracker(0, {}))
    group.position = Position({}, 0)
    group.open(1, dict(zip(topics_of(settings).inputs, ends, strict=True)))
    return group


def test_caught_up_means_up_to_now() -> None:
    group = opened()
    assert group.buffers[0].accept([Fetched(0, NOW - 5), Fetched(1, NOW + 99_000)], NOW) is None
    pending = group.next_batch(NOW)
    assert pending is not None
    assert [record.time for record in pending.batch.records] == [NOW - 5, NOW]
    assert pending.batch.upto == NOW
    assert pending.position.positions == {group.buffers[0].topic: 2}


def test_one_batch_at_a_time() -> None:
    group = opened()
    group.buffers[0].accept([Fetched(0, 5)], NOW)
    first = group.next_batch(NOW)
    group.buffers[0].accept([Fetched(1, 6)], NOW)
    assert first is not None
    assert group.next_batch(NOW) is None
    group.committed(first)
    assert group.next_batch(NOW) is not None


def test_behind_the_clock_is_that_of_the_records() -> None:
    group = opened(ends=(5, 0, 0, 0))
    group.buffers[0].accept([Fetched(0, 1000), Fetched(1, 2000)], NOW)
    pending = group.next_batch(NOW)
    assert pending is not None
    assert pending.batch.upto == 2000


def test_upto_never_goes_back() -> None:
    group = opened()
    group.buffers[0].accept([Fetched(0, 1000)], NOW)
    first = group.next_batch(NOW)
    assert first is not None
    group.committed(first)
    group.buffers[0].known_end(9)
    group.buffers[0].accept([Fetched(1, 1500), Fetched(2, 1600)], NOW)
    second = group.next_batch(NOW + 10)
    assert second is not None
    assert second.batch.upto == NOW


def test_a_tick_is_handed_over_only_when_something_is_due() -> None:
    group = opened()
    tracker = group.state
    assert isinstance(tracker, CountingTracker)
    assert group.next_batch(NOW) is None
    assert group.status.upto == NOW
    tracker.deadlines[b"c"] = NOW + 1500
    assert group.next_batch(NOW + 1400) is None
    tick = group.next_batch(NOW + 1500)
    assert tick is not None
    assert (list(tick.batch.records), tick.batch.upto) == ([], NOW + 1500)


def test_no_tick_while_the_backlog_is_not_read() -> None:
    group = opened(ends=(3, 0, 0, 0))
    assert isinstance(group.state, CountingTracker)
    group.state.deadlines[b"c"] = NOW - 100
    assert group.next_batch(NOW) is None


def test_a_replay_ends_at_its_final_instant() -> None:
    group = opened("stream")
    assert isinstance(group.state, CountingTracker)
    for buffer in group.buffers:
        buffer.accept([watermark(0, "1970-01-01T00:00:05Z"), Fetched(1, 4_000), Fetched(2, 6_000)], 1 << 60)
    first = group.next_batch(NOW)
    assert first is not None
    assert (len(first.batch.records), first.batch.upto) == (4, 5_000)
    group.committed(first)
    group.state.deadlines[b"c"] = 9_500
    for buffer in group.buffers:
        buffer.accept([watermark(3, "1970-01-01T00:00:10Z", final=True)], 1 << 60)
    last = group.next_batch(NOW)
    assert last is not None
    assert (len(last.batch.records), last.batch.upto) == (4, 10_000)
    assert set(last.position.positions.values()) == {4}
    assert decode_position(encode_position(last.position)) == last.position


def test_a_restart_in_mid_replay_remembers_the_watermark() -> None:
    group = opened()
    for buffer in group.buffers:
        buffer.accept([watermark(0, "1970-01-01T00:00:05Z")], NOW)
    read = group.next_batch(NOW)
    assert read is not None
    assert list(read.batch.records) == []
    group.committed(read)
    group.open(2, {buffer.topic: 1 for buffer in group.buffers})
    group.buffers[1].accept([Fetched(1, 6_000)], NOW)
    assert group.next_batch(NOW) is None


def test_a_replay_that_stopped_lets_the_wall_clock_go_on() -> None:
    group = opened()
    for buffer in group.buffers:
        buffer.accept([watermark(0, "1970-01-01T00:00:05Z"), Fetched(1, 6_000)], NOW)
    first = group.next_batch(NOW)
    assert first is not None
    assert first.batch.upto == 5_000
    group.committed(first)
    assert group.next_batch(NOW + PATIENCE_MS - 1) is None
    late = group.next_batch(NOW + PATIENCE_MS)
    assert late is not None
    assert late.batch.upto == NOW + PATIENCE_MS


def test_a_hole_is_accepted_when_it_comes_back() -> None:
    buffer = opened().buffers[0]
    assert buffer.accept([Fetched(0, 1), Fetched(3, 2)], NOW) == (1, 3)
    assert buffer.next_offset == 1
    assert buffer.accept([Fetched(3, 2), Fetched(4, 2)], NOW) is None
    assert buffer.next_offset == 5


def test_a_hole_that_does_not_come_back_was_none() -> None:
    buffer = opened().buffers[0]
    assert buffer.accept([Fetched(3, 2)], NOW) == (0, 3)
    assert buffer.accept([Fetched(0, 2), Fetched(1, 2), Fetched(2, 2), Fetched(3, 2)], NOW) is None
    assert buffer.next_offset == 4


def test_what_is_below_the_position_is_passed_over() -> None:
    buffer = opened().buffers[0]
    buffer.next_offset = 2
    assert buffer.accept([Fetched(0, 1), Fetched(1, 1), Fetched(2, 1)], NOW) is None
    assert [record.offset for record in buffer.records] == [2]


def test_a_buffer_is_full_by_number_and_by_size() -> None:
    buffer = opened(batch_records=2).buffers[0]
    buffer.accept([Fetched(offset, 1) for offset in range(4)], NOW)
    assert buffer.full
    buffer = opened().buffers[0]
    buffer.accept([Fetched(0, 1, serialized_value_size=9_000_000)], NOW)
    assert buffer.full


def test_a_topic_that_brings_nothing_for_a_minute_holds_the_others_back_no_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    group = opened(ends=(0, 9, 0, 0))
    group.buffers[0].accept([Fetched(0, 5)], NOW)
    assert group.next_batch(NOW) is None
    assert group.next_batch(NOW + PATIENCE_MS - 1) is None
    late = group.next_batch(NOW + PATIENCE_MS)
    assert late is not None
    assert len(late.batch.records) == 1
    assert f"{group.buffers[1].topic} brings nothing though it holds more" in caplog.text


@pytest.mark.parametrize(
    ("change", "idle"),
    [
        ("nothing", True),
        ("a batch is under way", False),
        ("the group has failed", False),
        ("a customer is due", False),
        ("a topic is behind", False),
        ("a record waits", False),
        ("a record waits for a replay to go on", True),
    ],
)
def test_a_group_is_idle_when_all_is_decided_or_waits_for_a_replay(change: str, idle: bool) -> None:
    group = opened()
    tracker = group.state
    assert isinstance(tracker, CountingTracker)
    assert group.next_batch(NOW) is None
    if change == "a batch is under way":
        group.buffers[0].accept([Fetched(0, 5)], NOW)
        assert group.next_batch(NOW) is not None
    elif change == "the group has failed":
        group.status.state = "failed"
    elif change == "a customer is due":
        tracker.deadlines[b"c"] = NOW
    elif change == "a topic is behind":
        group.buffers[2].known_end(5)
    elif change == "a record waits":
        group.buffers[0].accept([Fetched(0, 5)], NOW)
    elif change == "a record waits for a replay to go on":
        group.buffers[0].accept([Fetched(0, 5)], NOW)
        group.buffers[1].watermark = Watermark(4, final=False)
    assert group.is_idle() is idle


def test_a_stopped_group_drops_what_waits_and_gives_no_batch() -> None:
    group = opened()
    group.buffers[0].accept([Fetched(0, 5), Fetched(1, 6)], NOW)
    group.stop("records were deleted")
    assert (group.status.state, group.status.reason) == ("stopped", "records were deleted")
    assert (group.buffers[0].records, group.buffers[0].needs_seek) == ([], True)
    assert group.next_batch(NOW) is None


def group_of(settings: Settings) -> PartitionGroup:
    group = PartitionGroup(0, settings, CountingTracker(0, {}))
    group.position = Position({}, 0)
    group.open(1, dict.fromkeys(topics_of(settings).inputs, 0))
    return group


def test_accounts_hear_of_a_group_that_has_nothing_to_do() -> None:
    group = group_of(Settings(accounts=True))
    told = []
    for after in range(0, 5 * TELL_MS, TELL_MS // 4):
        if pending := group.next_batch(NOW + after):
            told.append((pending.batch.upto - NOW, pending.batch.final))
            group.committed(pending)
    assert told == [(after, False) for after in range(0, 5 * TELL_MS, TELL_MS)]
    assert group_of(Settings()).next_batch(NOW) is None


def test_on_the_stream_clock_accounts_hear_once_that_nothing_follows() -> None:
    group = group_of(Settings(accounts=True, clock="stream"))
    group.buffers[0].accept([Fetched(0, 4_000)], 1 << 60)
    group.buffers[1].known_end(1)
    behind = group.next_batch(NOW)
    group.buffers[1].passed(1)
    first = behind or group.next_batch(NOW)
    assert first is not None
    group.committed(first)
    told = [first.batch.final]
    while pending := group.next_batch(NOW):
        told.append(pending.batch.final)
        group.committed(pending)
    assert told[-1]
    assert sum(told) == 1


@pytest.mark.parametrize("clock", ["wall", "stream"])
def test_accounts_wait_for_whoever_is_behind_however_long(clock: Literal["wall", "stream"]) -> None:
    group = group_of(Settings(subject="account", partitions=2, clock=clock))
    group.buffers[0].accept([Fetched(0, 1_000), watermark(1, "1970-01-01T00:00:09Z")], NOW)
    assert group.next_batch(NOW) is None
    assert group.next_batch(NOW + 10 * PATIENCE_MS) is None
    assert group.is_idle()
    group.buffers[1].accept([watermark(0, "1970-01-01T00:00:05Z")], NOW)
    pending = group.next_batch(NOW + 10 * PATIENCE_MS)
    assert pending is not None
    assert ([record.time for record in pending.batch.records], pending.batch.upto) == ([1_000], 5_000)
    group.committed(pending)
    assert group.next_batch(NOW + 20 * PATIENCE_MS) is None
