"""The live progress: what it counts over restarts of the worker, and what it prints where there is no terminal."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from streams.demo import live_progress
from streams.demo.legend import Legend
from streams.demo.live_progress import LiveProgress
from streams.demo.worker_process import GroupHealth, Health, MirrorHealth, TallyHealth, WorkerStatus
from tests.unit.streams.demo.published import SHIPPED, legend


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(live_progress, "time", SimpleNamespace(monotonic=lambda: self.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def progress(total: int, processed: int = 0, terminal: bool = False, stages: Legend = SHIPPED) -> LiveProgress:
    return LiveProgress(Console(file=io.StringIO(), width=100, force_terminal=terminal), stages, total, processed)


def printed(shown: LiveProgress) -> str:
    assert isinstance(shown.console.file, io.StringIO)
    return shown.console.file.getvalue()


def status(
    events: int, ready: bool = True, memory: int = 50_000_000, waiting: int = 0, trouble: str = "", duplicates: int = 0
) -> WorkerStatus:
    groups = {
        "0": GroupHealth("open", "", "2017-03-01T00:00:00.000Z", {}),
        "1": GroupHealth("open", "", "2017-03-04T00:00:00.000Z", {}),
        "2": GroupHealth("open", "", "2017-03-02T00:00:00.000Z", {}),
    }
    mirror = MirrorHealth(not trouble, waiting, 0, trouble)
    return WorkerStatus(
        Health(ready, {"new": 7, "loyal": 2}, TallyHealth(duplicates), 0, groups, mirror), events, 50_000_000
    )


def test_a_worker_that_was_restarted_counts_on(clock: Clock) -> None:
    shown = progress(1000)
    shown.sent = 600
    shown.show(status(100), pid=1)
    assert (shown.processed, shown.counted) == (100, 100)
    shown.show(status(30), pid=2)
    assert (shown.processed, shown.counted) == (130, 130)
    shown.show(status(900), pid=2)
    assert (shown.processed, shown.counted) == (600, 1000), "events that were sent twice are processed once"
    shown.show(status(0), pid=3)
    assert shown.processed == 600, "it never decreases"
    shown.finish()
    assert shown.processed == shown.sent


def test_duplicates_add_up_over_workers_and_runs(clock: Clock) -> None:
    shown = LiveProgress(Console(file=io.StringIO()), SHIPPED, 1000, duplicates=5)
    assert shown.duplicates == 5
    for pid, found in ((1, 2), (1, 3), (2, 0), (2, 4)):
        shown.show(status(10, duplicates=found), pid)
    assert shown.duplicates == 5 + 3 + 4


def test_a_run_that_is_resumed_begins_with_the_count_of_the_previous_one(clock: Clock) -> None:
    shown = progress(1000, processed=400)
    assert (shown.sent, shown.processed) == (400, 400)
    shown.sent = 1000
    shown.show(status(50), pid=1)
    assert (shown.processed, shown.counted) == (450, 50)


def test_the_rate_is_that_of_the_last_seconds(clock: Clock) -> None:
    shown = progress(10_000)
    shown.sent = 10_000
    assert shown.rate == 0.0
    for second, events in enumerate([0, 100, 200, 300, 400, 1400, 2400, 3400, 4400]):
        clock.now = float(second)
        shown.show(status(events), pid=1)
    assert shown.rate == pytest.approx(1000.0)


@pytest.mark.parametrize(
    ("seen", "note"),
    [
        (None, "the worker does not answer yet"),
        (status(5, ready=False), "the worker reads its customers from the changelog"),
        (status(5, trouble="Redis is away"), "Redis is away"),
        (status(5, waiting=4000), ""),
        (status(10, waiting=4000), "4,000 customers on their way to Redis"),
    ],
)
def test_the_note_says_what_is_waited_for(clock: Clock, seen: WorkerStatus | None, note: str) -> None:
    shown = progress(10)
    shown.sent = 10
    assert shown.note == "the worker starts"
    if seen is not None:
        shown.show(status(seen.events), pid=1)
    shown.show(seen, pid=1)
    assert shown.note == note


def test_without_a_terminal_there_is_a_line_for_each_tenth(clock: Clock) -> None:
    shown = progress(1000)
    shown.sent = 1000
    with shown:
        for events in range(0, 1001, 10):
            clock.now += 0.1
            shown.show(status(events), pid=1)
    lines = printed(shown).splitlines()
    assert [line.split()[0] for line in lines] == [str(percent) for percent in range(10, 101, 10)]
    assert "10 %  100 events processed, 2017-03-01 to 2017-03-04, 100 events/s, lag 900, worker 50 MB" in lines[0]


def test_on_a_terminal_it_is_drawn_in_place(clock: Clock) -> None:
    shown = progress(1000, terminal=True)
    shown.sent = 500
    with shown:
        shown.show(status(100), pid=1)
        drawn = printed(shown)
    for text in ("500 of 1,000", "100 of 1,000", "new 7", "loyal 2", "lag 400 events", "worker 50 MB"):
        assert text in drawn


def test_stages_of_the_policy_are_drawn_too(clock: Clock) -> None:
    shown = progress(1000, terminal=True, stages=legend("new", "loyal", "never_seen"))
    shown.sent = 500
    with shown:
        shown.show(status(100), pid=1)
        drawn = printed(shown)
    assert "new 7" in drawn
    assert "loyal 2" in drawn
    assert "never seen" not in drawn
