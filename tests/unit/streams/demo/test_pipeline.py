"""When a run is over: every record committed, every deadline decided, every customer in Redis."""

from types import SimpleNamespace
from typing import Any

import pytest

from schemas.instant import to_text
from streams.demo import pipeline as module
from streams.demo.pipeline import Pipeline, _raise_if_stopped
from streams.demo.results import count_differences
from streams.demo.transition_history import build_history
from streams.demo.worker_process import GroupHealth, Health, MirrorHealth, TallyHealth
from streams.embedded.child_process import ServerError
from streams.settings import Settings
from streams.sources.source import Source, SourceEvent
from tests.unit.streams.demo.published import path, profile

END = 1_500_000_000_000


def group(upto: int | None = END, lag: int = 0, state: str = "open", reason: str = "") -> GroupHealth:
    return GroupHealth(state, reason, None if upto is None else to_text(upto), {"t": lag})


def health(*groups: GroupHealth, ready: bool = True, mirror: MirrorHealth | None = None) -> Health:
    return Health(ready, {}, TallyHealth(0), 0, {str(number): it for number, it in enumerate(groups)}, mirror)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def made(counted: int) -> Pipeline:
    source = Source("s", "s", [SourceEvent(at, "purchases", b"c", b"{}") for at in (END - 5, END)])
    servers: Any = SimpleNamespace(settings=Settings(partitions=2))
    progress: Any = SimpleNamespace(counted=counted)
    worker: Any = None
    return Pipeline(source, servers, worker, progress, lambda: None)


@pytest.mark.parametrize(
    ("seen", "decided"),
    [
        (health(group(), group()), True),
        (health(group(), group(), ready=False), False),
        (health(group()), False),
        (health(group(), group(lag=1)), False),
        (health(group(), group(END - 1)), False),
        (health(group(), group(None)), False),
    ],
)
def test_everything_is_decided_when_all_groups_are_at_the_end(
    clock: SimpleNamespace, seen: Health, decided: bool
) -> None:
    assert made(counted=2).all_decided(seen) is decided


def test_a_count_that_was_lost_with_a_worker_is_replaced_by_a_lag_of_0_that_lasts(clock: SimpleNamespace) -> None:
    run, done = made(counted=1), health(group(), group())
    assert not run.all_decided(done)
    clock.now += 2.0
    assert not run.all_decided(health(group(), group(lag=1)))
    clock.now += 2.0
    assert not run.all_decided(done), "the lag has been 0 for no time"
    clock.now += 3.5
    assert run.all_decided(done)


def test_everything_is_mirrored_when_nothing_waits_and_nothing_is_under_way() -> None:
    run = made(counted=2)

    def seen(waiting: int, written: int, connected: bool = True) -> bool:
        return run.all_mirrored(health(mirror=MirrorHealth(connected, waiting, written, "")))

    assert not seen(waiting=5, written=10)
    assert not seen(waiting=0, written=10, connected=False)
    assert not seen(waiting=0, written=15)
    assert seen(waiting=0, written=15)
    assert run.all_mirrored(health())


def test_a_stopped_partition_ends_the_run_with_its_reason() -> None:
    _raise_if_stopped(health(group(), group(state="failed", reason="timed out")))
    with pytest.raises(ServerError, match=r"partition 1 cannot go on: records lost\. Start over with --fresh"):
        _raise_if_stopped(health(group(), group(state="stopped", reason="records lost")))


@pytest.mark.parametrize(
    ("profiles", "differences"),
    [
        ({"a": ("repeat", 2), "b": ("new", 1)}, 0),
        ({"a": ("repeat", 2), "b": ("new", 1), "c": ("prospect", 0)}, 0),
        ({"a": ("new", 2), "b": ("new", 1)}, 1),
        ({"a": ("repeat", 1), "b": ("new", 1)}, 1),
        ({"a": ("repeat", 2)}, 1),
        ({"c": ("new", 0)}, 3),
    ],
)
def test_profiles_that_do_not_say_what_the_transitions_say_are_counted(
    profiles: dict[str, tuple[str, int]], differences: int
) -> None:
    history = build_history([*path("a", new=1, repeat=5), *path("b", new=2)])
    found = {}
    for customer, (stage, seq) in profiles.items():
        found[customer] = profile(customer, stage)
        found[customer].seq = seq
    assert count_differences(history, found, "prospect") == differences


def test_who_has_no_transition_is_in_the_first_stage_of_the_policy() -> None:
    lead = profile("a", "lead")
    lead.seq = 0
    assert count_differences(build_history([]), {"a": lead}, "lead") == 0
    assert count_differences(build_history([]), {"a": lead}, "prospect") == 1
