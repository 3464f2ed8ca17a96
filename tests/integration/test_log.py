"""The logs of real processes: as JSON, all that they print is one object a line, from the start to the end."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streams.embedded.child_process import stop
from streams.settings import Settings
from tests.support.kafka_records import topics_made
from tests.support.serving import serving
from tests.support.waiting import wait_until
from tests.support.workers import Worker


@pytest.fixture
def settings(embedded_broker: str, redis_url: str, topic_prefix: str) -> Settings:
    return replace(topics_made(embedded_broker, topic_prefix), redis_url=redis_url)


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def run_worker(settings: Settings, folder: Path, form: str) -> Path:
    worker = Worker.start(settings, folder, "one", variables={"LIFESTAGE_LOG": form})
    try:
        wait_until(lambda: worker.page("/ready")[0] == 200, what=worker.log.read_text)
    finally:
        stop(worker.process)
    assert worker.process.returncode == 0, worker.log.read_text()
    return worker.log


def test_all_that_a_worker_prints_is_one_object_a_line(settings: Settings, tmp_path: Path) -> None:
    logged = lines(run_worker(settings, tmp_path, "json"))
    (opened,) = [it for it in logged if it["message"].startswith("opened partitions")]
    assert opened["partitions"] == [0, 1]
    assert opened["logger"] == "streams.partitions.assignment"
    assert all(it["time"].endswith("Z") for it in logged)
    assert "aiokafka" in {it["logger"].partition(".")[0] for it in logged}, "the lines of the clients are among them"


def test_a_workers_text_has_nothing_for_a_terminal_in_it(settings: Settings, tmp_path: Path) -> None:
    text = run_worker(settings, tmp_path, "text").read_text()
    assert "opened partitions [0, 1]" in text
    assert "\x1b" not in text


def test_all_that_a_server_prints_is_one_object_a_line(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    with serving(settings, log, LIFESTAGE_LOG="json"):
        pass
    assert any(it["message"].startswith("serving under ") for it in lines(log))


def test_the_reason_of_an_end_is_an_object_too(settings: Settings, tmp_path: Path) -> None:
    worker = Worker.start(
        replace(settings, topic_prefix="nowhere-"), tmp_path, "one", variables={"LIFESTAGE_LOG": "json"}
    )
    wait_until(lambda: not worker.alive, what=worker.log.read_text)
    assert worker.process.returncode == 70
    last = lines(worker.log)[-1]
    assert (last["level"], last["logger"]) == ("CRITICAL", "streams.fatal")
    assert "lifestage topics create" in last["message"]
