"""Failpoints: where and how often the process would die."""

from types import SimpleNamespace

import pytest

from streams.environment import SettingsError
from streams.partitions import failpoints
from streams.partitions.failpoints import POINTS, failpoint


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    died: list[bool] = []
    monkeypatch.setattr(failpoints, "_die", lambda: died.append(True))
    return died


@pytest.mark.parametrize("name", [point for point in POINTS if point != "during_commit"])
def test_it_dies_at_its_own_point_only(deaths: list[bool], name: str) -> None:
    reached = failpoint(f"{name}:1:7")
    for point in POINTS:
        reached(point)
        assert len(deaths) == (POINTS.index(point) >= POINTS.index(name))


def test_the_same_seed_dies_at_the_same_times(deaths: list[bool]) -> None:
    def pattern(seed: int) -> list[int]:
        reached = failpoint(f"before_begin:0.3:{seed}")
        counts = []
        for _ in range(200):
            reached("before_begin")
            counts.append(len(deaths))
        deaths.clear()
        return counts

    assert pattern(1) == pattern(1) != pattern(2)
    assert 30 < pattern(1)[-1] < 90


def test_during_a_commit_it_dies_a_moment_later(deaths: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float] = []

    class Timer:
        def __init__(self, seconds: float, die: object) -> None:
            delays.append(seconds)

        def start(self) -> None:
            failpoints._die()

    monkeypatch.setattr(failpoints, "threading", SimpleNamespace(Timer=Timer))
    failpoint("during_commit:1:7")("during_commit")
    assert len(deaths) == len(delays) == 1
    assert 0 <= delays[0] <= 0.005


def test_without_a_failpoint_nothing_happens(deaths: list[bool]) -> None:
    reached = failpoint("")
    for point in POINTS:
        reached(point)
    assert deaths == []


@pytest.mark.parametrize("text", ["before_begin", "nowhere:1:1", "before_begin:often:1", "before_begin:1:x", "a:b:c:d"])
def test_another_form_is_refused_with_the_names(text: str) -> None:
    with pytest.raises(SettingsError, match=f"is '{text}': set it to name:probability:seed, .*before_begin"):
        failpoint(text)
