"""The paths of an assignment that a batch does not take: groups that leave, stop, or cannot be opened; and the end."""

import asyncio
import gc
from types import SimpleNamespace

import pytest
from aiokafka.errors import ProducerFenced, TopicAuthorizationFailedError, TransactionalIdAuthorizationFailed

from agents.batch import Batch, PendingBatch, Position
from agents.observer import Committed, Customers, Observers
from streams.partitions import assignment
from streams.partitions.assignment import Assignment
from streams.partitions.changelog import MarkerMissingError
from streams.partitions.snapshots import PartitionedSnapshots
from streams.partitions.status import WorkerStatus
from streams.partitions.wall_clock import WrongClockError
from streams.settings import Settings
from tests.support.counting import CountingTracker
from tests.unit.streams.partitions.fakes import FakeLog

SETTINGS = Settings(session_timeout=6.0)


class EndedError(BaseException):
    """The process would have ended here."""


class Recorder:
    """An observer that keeps what it is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        self.seen.append(("opened", partition))

    def committed(self, committed: Committed) -> None:
        self.seen.append(("committed", committed.batch.partition))

    def closed(self, partition: int) -> None:
        self.seen.append(("closed", partition))


class Worker:
    """An assignment on a fake log, with all that it changes around it. ``pauses`` are those it makes, in seconds."""

    def __init__(self) -> None:
        self.log = FakeLog()
        self.pauses: list[float] = []
        self.recorder = Recorder()
        self.status = WorkerStatus()
        self.snapshots = PartitionedSnapshots(SETTINGS)
        observers = Observers([self.recorder])
        self.assignment = Assignment(SETTINGS, CountingTracker, observers, self.status, self.snapshots)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    @property
    def states(self) -> dict[int, str]:
        return {partition: group.state for partition, group in self.status.groups.items()}

    def batch(self, partition: int) -> PendingBatch:
        """Put a batch under way."""
        pending = PendingBatch(Batch(partition, 1, [], 5), Position({}, 5), b"")
        self.assignment.groups[partition].in_flight = pending
        return pending

    async def settle(self) -> None:
        """Let every task run as far as it can."""
        for _ in range(50):
            await asyncio.sleep(0)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    worker = Worker()

    def end_process(reason: str) -> None:
        raise EndedError(reason)

    faked = {name: getattr(asyncio, name) for name in ("ensure_future", "gather", "shield", "timeout")}
    monkeypatch.setattr(assignment, "asyncio", SimpleNamespace(**faked, sleep=worker.sleep))
    monkeypatch.setattr(assignment, "GroupTransaction", worker.log.transaction)
    monkeypatch.setattr(assignment, "read_changelogs", worker.log.read_changelogs)
    monkeypatch.setattr(assignment, "end_process", end_process)
    monkeypatch.setattr(gc, "collect", lambda: 0)
    return worker


async def test_what_is_assigned_is_opened_and_what_is_not_any_more_leaves(worker: Worker) -> None:
    await worker.assignment.take([0, 1], 1)
    assert worker.status.ready
    assert worker.states == {0: "open", 1: "open"}
    worker.snapshots.share(0)[b"c"] = b"1"
    worker.snapshots.share(1)[b"d"] = b"1"

    await worker.assignment.take([1, 2], 2)
    assert worker.states == {1: "open", 2: "open"}
    assert {partition: group.generation for partition, group in worker.assignment.groups.items()} == {1: 2, 2: 2}
    assert dict(worker.snapshots.all) == {b"d": b"1"}, "a partition that leaves takes its customers with it"
    assert worker.recorder.seen == [
        *(("opened", partition) for partition in (0, 1)),
        ("closed", 0),
        *(("opened", partition) for partition in (1, 2)),
    ]
    assert worker.log.steps.count(("discard", 0)) == 1

    await worker.assignment.take([], 3)
    assert worker.status.ready, "a worker without partitions is ready for some"
    assert worker.states == {}


async def test_opening_is_tried_again_with_longer_pauses_until_it_succeeds(worker: Worker) -> None:
    worker.log.failures["fence"] = [ConnectionError(f"attempt {number}") for number in range(7)]
    await worker.assignment.take([0], 1)
    assert worker.states == {0: "open"}
    assert worker.status.groups[0].reason == ""
    assert worker.pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert worker.log.count("discard") == 7, "a producer that failed is never used again"


async def test_while_opening_fails_the_status_says_why(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, str, str]] = []

    async def look(_seconds: float) -> None:
        group = worker.status.groups[0]
        seen.append((worker.status.assigned, group.state, group.reason))

    monkeypatch.setattr(assignment.asyncio, "sleep", look)  # type: ignore[attr-defined]
    await worker.assignment.take([0], 1)
    worker.log.failures["read"] = [ConnectionError("no changelog")]
    await worker.assignment.take([0], 2)
    assert seen == [(False, "opening", "ConnectionError('no changelog')")]
    assert worker.status.ready


async def test_a_right_that_is_missing_for_half_a_minute_ends_the_process(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignment, "time", SimpleNamespace(monotonic=lambda: sum(worker.pauses)))
    worker.log.failures["fence"] = [TransactionalIdAuthorizationFailed() for _ in range(100)]
    with pytest.raises(EndedError, match=f"to Write on transactional-id that begin with {SETTINGS.app_id}-"):
        await worker.assignment.take([0], 1)
    assert 30 <= sum(worker.pauses) < 40


async def test_a_batch_that_may_not_be_written_ends_the_process(worker: Worker) -> None:
    await worker.assignment.take([0], 1)
    with pytest.raises(EndedError, match="to Write on topic transitions"):
        async with worker.assignment.hold(worker.batch(0)) as held:
            assert held is not None
            held.failed(TopicAuthorizationFailedError("transitions"))


async def test_nobody_is_told_of_a_group_that_another_version_has_written(worker: Worker) -> None:
    await worker.assignment.take([0], 1)
    worker.log.unreadable = "snapshots of version 9"
    await worker.assignment.take([0], 2)
    assert (worker.states, worker.status.groups[0].reason) == ({0: "stopped"}, "snapshots of version 9")
    assert not worker.status.ready
    worker.log.unreadable = ""
    await worker.assignment.take([0], 3)
    assert worker.status.ready
    assert worker.recorder.seen == [("opened", 0), ("closed", 0), ("opened", 0)]


async def test_a_changelog_without_a_marker_ends_the_process(worker: Worker) -> None:
    worker.log.failures["read"] = [MarkerMissingError("written by something else")]
    with pytest.raises(EndedError, match="written by something else"):
        await worker.assignment.take([0], 1)


async def test_a_group_that_lost_records_is_stopped_and_the_others_are_open(worker: Worker) -> None:
    worker.log.stopped[1] = "records were deleted"
    await worker.assignment.take([0, 1], 1)
    assert worker.states == {0: "open", 1: "stopped"}
    assert not worker.status.ready
    assert worker.assignment.groups[1].next_batch(10**15) is None

    worker.log.stopped.clear()
    await worker.assignment.take([0, 1], 2)
    assert worker.states == {0: "open", 1: "open"}


async def test_a_batch_is_held_only_while_its_group_waits_for_it(worker: Worker) -> None:
    ended = worker.assignment.batch_ended = asyncio.get_running_loop().create_future()
    async with worker.assignment.hold(PendingBatch(Batch(5, 1, [], 5), Position({}, 5), b"")) as held:
        assert held is None, "the partition was given away"
    assert ended.done()

    await worker.assignment.take([0], 1)
    old, new = worker.batch(0), worker.batch(0)
    async with worker.assignment.hold(old) as held:
        assert held is None, "the group was opened again since"
    async with worker.assignment.hold(new) as held:
        assert held is not None
        assert (held.partition, worker.assignment.groups[0].lock.locked()) == (0, True)
        held.committed(new)
    group = worker.assignment.groups[0]
    assert (group.position, group.in_flight, group.read_to) == (new.position, None, 7)
    assert not group.lock.locked()


@pytest.mark.parametrize(
    ("error", "pause"), [(ConnectionError("away"), 0.2), (ProducerFenced(), SETTINGS.session_timeout / 3)]
)
async def test_after_a_failed_batch_the_group_is_opened_again(worker: Worker, error: Exception, pause: float) -> None:
    await worker.assignment.take([0], 1)
    pending = worker.batch(0)
    worker.log.failures["read"] = [ConnectionError("still away")]
    async with worker.assignment.hold(pending) as held:
        assert held is not None
        held.failed(error)
        assert worker.states == {0: "failed"}
        assert worker.status.groups[0].reason == repr(error)
    await worker.settle()
    assert worker.states == {0: "open"}
    assert worker.pauses == [pause, 2 * pause], "a worker that was replaced waits for its next heartbeat"
    async with worker.assignment.hold(pending) as held:
        assert held is None, "the records of the failed batch come again in another"


async def test_a_group_that_is_found_stopped_is_not_opened_again(worker: Worker) -> None:
    await worker.assignment.take([0], 1)
    worker.log.stopped[0] = "records were deleted"
    async with worker.assignment.hold(worker.batch(0)) as held:
        assert held is not None
        held.failed(ConnectionError("away"))
    await worker.settle()
    assert worker.states == {0: "stopped"}
    assert worker.pauses == [0.2]


async def test_a_stopped_group_is_tried_again_once_at_a_time(worker: Worker) -> None:
    await worker.assignment.take([0, 1], 3)
    group = worker.assignment.groups[0]
    worker.assignment.try_again(group)
    await worker.settle()
    assert worker.log.count("read") == 2, "an open one is left alone"
    worker.assignment.stop_group(group, "made again")
    assert worker.states == {0: "stopped", 1: "open"}
    assert (worker.status.groups[0].reason, worker.status.ready) == ("made again", False)
    worker.log.stopped[0] = "still made again"
    worker.assignment.try_again(group)
    worker.assignment.try_again(group)
    await worker.settle()
    assert (worker.states[0], worker.log.count("read")) == ("stopped", 3)
    worker.log.stopped.clear()
    worker.assignment.try_again(group)
    await worker.settle()
    assert worker.status.ready
    assert group.generation == 3


async def test_a_group_that_was_never_open_takes_part_in_its_generation_later(worker: Worker) -> None:
    worker.log.stopped[0] = "made again"
    await worker.assignment.take([0], 3)
    worker.log.stopped.clear()
    worker.assignment.try_again(worker.assignment.groups[0])
    await worker.settle()
    assert (worker.states, worker.assignment.groups[0].generation) == ({0: "open"}, 3)


async def test_an_assignment_takes_over_from_a_group_that_waits_to_be_opened(worker: Worker) -> None:
    await worker.assignment.take([0], 1)
    worker.log.hanging.add("read")
    async with worker.assignment.hold(worker.batch(0)) as held:
        assert held is not None
        held.failed(ConnectionError("away"))
    await worker.settle()
    assert worker.states == {0: "opening"}
    worker.log.hanging.clear()
    await worker.assignment.take([0], 2)
    assert (worker.states, worker.assignment.groups[0].generation) == ({0: "open"}, 2)
    fences = worker.log.count("fence")
    await worker.settle()
    assert worker.log.count("fence") == fences, "nothing of the earlier attempt is left"


async def test_a_worker_that_stops_leaves_no_producer(worker: Worker) -> None:
    await worker.assignment.take([0, 1], 1)
    await worker.assignment.stop()
    assert worker.states == {0: "opening", 1: "opening"}
    assert sorted(worker.log.steps[-2:]) == [("discard", 0), ("discard", 1)]
    assert all(group.transaction is None for group in worker.assignment.groups.values())


async def test_a_worker_that_stops_waits_for_a_batch_under_way_but_not_for_ever(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await worker.assignment.take([0], 1)
    pending = worker.batch(0)
    async with worker.assignment.hold(pending) as held:
        stopping = asyncio.ensure_future(worker.assignment.stop())
        await worker.settle()
        assert not stopping.done()
        assert held is not None
        held.committed(pending)
    await stopping
    assert "given up" not in caplog.text

    await worker.assignment.take([0], 2)
    monkeypatch.setattr(assignment, "_LAST_BATCH_SECONDS", 0.01)
    async with worker.assignment.hold(worker.batch(0)) as held:
        await worker.assignment.stop()
        assert "partition 0: its last batch is given up" in caplog.text
        assert held is not None
        held.abandoned()
    assert worker.states == {0: "failed"}
    assert worker.assignment.groups[0].transaction is None


async def test_a_cancelled_take_can_be_called_again(worker: Worker) -> None:
    worker.log.hanging.add("fence")
    taking = asyncio.ensure_future(worker.assignment.take([0], 1))
    await worker.settle()
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    assert not worker.assignment.groups[0].lock.locked()
    worker.log.hanging.clear()
    await worker.assignment.take([0], 2)
    assert worker.states == {0: "open"}


async def test_a_wrong_clock_ends_the_transaction_at_once_and_waits_with_its_reason(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = asyncio.Event()

    async def until_right(_error: WrongClockError) -> None:
        worker.log.steps.append(("waits", 0))
        await right.wait()

    monkeypatch.setattr(assignment, "until_right", until_right)
    await worker.assignment.take([0], 1)
    async with worker.assignment.hold(worker.batch(0)) as held:
        assert held is not None
        assert held.transaction.decides == (0, 5)
        held.failed(WrongClockError("this machine's clock is ahead", 1))
    await worker.settle()
    assert worker.status.groups[0].reason == "this machine's clock is ahead"
    assert not worker.status.ready
    assert worker.log.steps[-2:] == [("discard", 0), ("waits", 0)]
    right.set()
    await worker.settle()
    assert worker.states == {0: "open"}


async def test_a_rebalance_during_a_batch_by_a_wrong_clock_leaves_the_group_able_to_go_on(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def until_right(_error: WrongClockError) -> None: ...

    monkeypatch.setattr(assignment, "until_right", until_right)
    await worker.assignment.take([0], 1)
    async with worker.assignment.hold(worker.batch(0)) as held:
        taking = asyncio.ensure_future(worker.assignment.take([0], 2))
        await worker.settle()  # it waits for the batch, and opens the group before what the failure asked for
        assert held is not None
        held.failed(WrongClockError("this machine's clock is ahead", 1))
    await taking
    await worker.settle()
    assert worker.states == {0: "open"}
    async with worker.assignment.hold(worker.batch(0)) as next_one:
        assert next_one is not None, "an open group without a transaction would never have a batch again"
