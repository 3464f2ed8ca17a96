"""The mirror on a sink that fails when asked to, and the queue of customers that wait for it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial

import pytest

from agents.batch import Outcome
from agents.mirror import Mirror
from agents.mirror_queue import MAX_TRANSITIONS, MirrorQueue
from agents.profile_sink import MirrorLostError, Row
from state.rules.rulebook import Rulebook
from streams.policy_file import load_rules
from tests.support.mirror import FakeGroup, ends_when_cancelled, steps, working
from tests.support.waiting import until


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return load_rules(None)


class FakeSink:
    """A sink that keeps what it is given, fails when asked to, and counts how often it was written."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.fails = 0
        self.writes = 0
        self.closed = 0
        self.name = "fake"
        self.positions: dict[int, int] = {}

    async def identity(self) -> str:
        return self.name

    async def reached(self, identity: str, positions: Mapping[int, int]) -> None:
        assert identity == self.name
        assert positions
        self.positions |= positions

    async def was_written(self) -> bool:
        return bool(self.rows)

    async def write(self, rows: Sequence[Row]) -> None:
        self.writes += 1
        if self.fails:
            self.fails -= 1
            raise MirrorLostError("the sink is away")
        self.rows += rows

    async def close(self) -> None:
        self.closed += 1


async def test_what_was_not_written_waits_again_and_is_announced_in_order(rules: Rulebook) -> None:
    sink = FakeSink()
    mirror = Mirror(sink, time.monotonic)
    group = FakeGroup([])
    mirror.opened(0, group.position, group)
    for _ in range(3):
        mirror.committed(group.change(b"c"))
    sink.fails = 1
    async with working(mirror):
        await until(sink.was_written)
    (row,) = sink.rows
    assert row.profile is not None
    assert row.profile.seq == 3
    assert [b'"seq":%d' % number in value for number, value in enumerate(row.transitions, 1)] == [True] * 3
    assert mirror.status.failures == 1
    assert sink.closed == 1


async def test_a_backlog_takes_at_most_a_quarter_of_the_time(rules: Rulebook) -> None:
    rests: list[float] = []
    moment = 0.0

    def now() -> float:
        nonlocal moment
        moment += 0.01
        return moment

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        await asyncio.sleep(0)

    sink = FakeSink()
    mirror = Mirror(sink, now, sleep)
    group = FakeGroup(b"c%d" % number for number in range(2000))
    mirror.opened(0, group.position, group)
    async with working(mirror):

        async def empty() -> bool:
            return len(sink.rows) == 2000

        await until(empty)
    assert sink.writes == 5
    assert all(rest >= 0.03 for rest in rests)


async def test_it_ends_although_a_client_loses_the_cancellation(rules: Rulebook) -> None:
    class Losing(FakeSink):
        """Waits as redis-py does for what it sends."""

        async def identity(self) -> str:
            await asyncio.wait_for(asyncio.sleep(0), 60)
            return await super().identity()

        async def write(self, rows: Sequence[Row]) -> None:
            await asyncio.wait_for(asyncio.sleep(0), 60)
            await super().write(rows)

    for number in range(1, 30):
        sink = Losing()
        mirror = Mirror(sink, time.monotonic)
        group = FakeGroup([b"c"])
        mirror.opened(0, group.position, group)
        task = asyncio.create_task(mirror.run())
        await steps(number)
        assert await ends_when_cancelled(task), f"cancelled after {number} steps, it goes on"
        assert sink.closed == 1


async def test_it_ends_although_a_commit_wakes_it_at_the_same_moment(rules: Rulebook) -> None:
    for number in range(6):
        mirror = Mirror(FakeSink(), time.monotonic, sleep=lambda _: asyncio.sleep(0))
        group = FakeGroup([])
        mirror.opened(0, group.position, group)
        task = asyncio.create_task(mirror.run())
        await steps(20)  # now it waits for a commit
        mirror.committed(group.change(b"c"))
        await steps(number)
        assert await ends_when_cancelled(task), f"cancelled {number} steps after a commit, it goes on"


async def test_one_unreadable_customer_does_not_hold_up_the_others(rules: Rulebook) -> None:
    class Damaged(FakeGroup):
        def timeline(self, key: bytes) -> None:
            raise ValueError("these bytes are no snapshot")

    sink = FakeSink()
    mirror = Mirror(sink, time.monotonic)
    damaged, sound = Damaged([b"a"]), FakeGroup([b"b"], partition=1)
    mirror.opened(0, damaged.position, damaged)
    mirror.opened(1, sound.position, sound)
    async with working(mirror):
        await until(sink.was_written)
    assert [it.customer for it in sink.rows] == ["b"]
    assert mirror.status.unreadable == 1


async def test_many_unreadable_customers_are_one_line_of_the_log(
    rules: Rulebook, caplog: pytest.LogCaptureFixture
) -> None:
    class Damaged(FakeGroup):
        def timeline(self, key: bytes) -> None:
            raise ValueError("these bytes are no snapshot")

    mirror = Mirror(FakeSink(), time.monotonic, sleep=lambda _: asyncio.sleep(0))
    damaged = Damaged([b"%d" % number for number in range(1_000)])
    mirror.opened(3, damaged.position, damaged)

    async def all_are_read() -> bool:
        return mirror.status.unreadable == 1_000 and not mirror.status.waiting

    async with working(mirror):
        await until(all_are_read)
        await steps(20)
    told = [it.getMessage() for it in caplog.records if it.levelname == "ERROR"]
    why = "the last of them of partition 3: ValueError: these bytes are no snapshot"
    assert told == [f"1000 customers cannot be mirrored, {why}"]


def test_announcements_are_bounded() -> None:
    waiting = MirrorQueue()
    for number in range(MAX_TRANSITIONS + 10):
        waiting.add(0, Outcome(0, changes={b"c": b""}, transitions=[(b"c", b"%d" % number, 0)]))
    assert waiting.dropped == 10
    taken = waiting.take(1)
    waiting.add(0, Outcome(0, changes={b"c": b""}, transitions=[(b"c", b"later", 0)]))
    waiting.put_back(0, b"c", taken[0, b"c"])
    assert waiting.take(1)[0, b"c"][-1] == b"later"
    assert len(waiting) == 0


def test_a_flood_of_changes_does_not_stop_a_rewrite() -> None:
    waiting = MirrorQueue()
    waiting.rewrite(0, [b"old%d" % number for number in range(100)])
    waiting.add(0, Outcome(0, changes={b"new%d" % number: b"" for number in range(1000)}))
    taken = waiting.take(100)
    assert sum(key.startswith(b"old") for _, key in taken) == 25


async def test_how_far_it_has_come_is_noted_once_all_is_written_that_was_told_before(rules: Rulebook) -> None:
    class Checked(FakeSink):
        async def reached(self, identity: str, positions: Mapping[int, int]) -> None:
            await super().reached(identity, positions)
            written = {(it.customer, it.profile.seq) for it in self.rows if it.profile is not None}
            for partition, end in positions.items():
                # In this log, the n-th transition of a partition is the n-th change of its customer.
                assert end == 0 or any((f"c{partition}", seq) in written for seq in range(end, 1000))

    sink, ends = Checked(), {0: 0, 1: 0}
    mirror = Mirror(sink, time.monotonic, transitions_end=ends.__getitem__)
    groups = [FakeGroup([], partition=it) for it in ends]
    for group in groups:
        mirror.opened(group.partition, group.position, group)

    def change(partition: int) -> None:
        key = b"c%d" % partition
        changed = groups[partition].change(key)
        ends[partition] = groups[partition].timelines[key].seq
        mirror.committed(changed)

    async def both() -> bool:
        return sink.positions == ends

    async with working(mirror):
        for _ in range(20):
            change(0)
            change(1)
            await asyncio.sleep(0)
        sink.fails = 2
        change(0)
        await until(both)
        sink.name, sink.rows, sink.positions = "emptied", [], {}
        change(1)
        await until(both)
    assert {it.customer for it in sink.rows} == {"c0", "c1"}


def mirrored(sink: FakeSink, rules: Rulebook) -> tuple[Mirror, FakeGroup]:
    """A mirror of one group, to which each look at the clock is a second later than the one before."""
    moments = iter(range(1_000_000))
    mirror = Mirror(sink, lambda: next(moments), sleep=lambda _: asyncio.sleep(0), transitions_end=lambda _: 7)
    group = FakeGroup([b"c"])
    mirror.opened(0, group.position, group)
    return mirror, group


async def noted(sink: FakeSink) -> bool:
    return sink.positions == {0: 7}


async def test_a_worker_that_has_lost_all_its_groups_has_nothing_to_note(rules: Rulebook) -> None:
    looks = 0

    async def look_again() -> bool:
        return looks > 1

    class Looking(FakeSink):
        async def identity(self) -> str:
            nonlocal looks
            looks += 1
            return await super().identity()

    sink = Looking()
    mirror, _ = mirrored(sink, rules)

    async with working(mirror):
        await until(partial(noted, sink))
        mirror.closed(0)
        looks = 0
        await until(look_again)
    assert mirror.status.connected
    assert mirror.status.failures == 0


async def test_a_group_that_comes_back_within_a_round_is_not_noted_before_it_is_written(rules: Rulebook) -> None:
    class Returning(FakeSink):
        """Lets a group go and come back while it is written, as a rebalance does."""

        async def write(self, rows: Sequence[Row]) -> None:
            await super().write(rows)
            if self.writes == 1:
                mirror.closed(0)
                mirror.opened(0, group.position, group)

        async def reached(self, identity: str, positions: Mapping[int, int]) -> None:
            assert self.writes > 1
            await super().reached(identity, positions)

    sink = Returning()
    mirror, group = mirrored(sink, rules)

    async with working(mirror):
        await until(partial(noted, sink))
    assert mirror.status.failures == 0
