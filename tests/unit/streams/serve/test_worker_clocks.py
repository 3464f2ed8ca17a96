"""A server whose clock is not that of the workers: told while one lives, and over once they agree."""

import logging
from http import HTTPStatus
from typing import Any

import pytest

from schemas.instant import to_text
from streams.serve import worker_clocks
from streams.serve.problems import ProblemError
from streams.serve.worker_clocks import WorkerClocks

NOW = 1_700_000_000_000


class FakeWorkers:
    """What Redis has of the workers."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self.documents = list(documents)
        self.is_away = False

    async def all(self) -> list[dict[str, Any]]:
        if self.is_away:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "Redis does not answer")
        return self.documents


def worker(clock: str | None, seconds: int = 3) -> dict[str, Any]:
    told = {"instance": "w1", "at": to_text(NOW - 1000 * seconds)}
    return told if clock is None else {**told, "clock": clock}


def clocks(workers: Any, own: str = "wall") -> WorkerClocks:
    return WorkerClocks(workers, own, lambda: NOW)


@pytest.mark.parametrize(
    "workers",
    [None, FakeWorkers(), FakeWorkers(worker("wall")), FakeWorkers(worker("stream", 60)), FakeWorkers(worker(None))],
)
async def test_workers_of_the_same_clock_dead_ones_and_those_that_do_not_tell_are_no_difference(
    workers: FakeWorkers | None,
) -> None:
    assert await clocks(workers).difference() == ""


async def test_a_difference_is_told_once_and_stays_while_redis_is_away(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_clocks, "_ASK_AGAIN_SECONDS", 0)
    workers = FakeWorkers(worker("wall", 60), worker("stream"))
    compared = clocks(workers)
    told = await compared.difference()
    assert told.startswith("LIFESTAGE_CLOCK is wall here and stream at the worker w1: ")
    workers.is_away = True
    assert await compared.difference() == told
    assert [it.levelno for it in caplog.records] == [logging.ERROR]
    workers.is_away = False
    workers.documents = [worker("wall")]
    assert await compared.difference() == ""


async def test_redis_is_not_asked_for_each_request() -> None:
    workers = FakeWorkers(worker("stream"))
    compared = clocks(workers)
    told = await compared.difference()
    workers.documents = []
    assert await compared.difference() == told
