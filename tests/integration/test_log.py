"""The logs of real processes: what a person finds there, and as JSON, one object a line from the start to the end."""

import json
import signal
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


def test_all_that_a_worker_prints_is_one_object_a_line(settings: Settings, tmp_path: Path) -> None:
    given = {"LIFESTAGE_LOG": "json", "LIFESTAGE_LOG_CLIENTS": "yes"}
    worker = Worker.start(settings, tmp_path, "one", variables=given)
    try:
        wait_until(lambda: worker.page("/ready")[0] == 200, what=worker.log.read_text)
    finally:
        stop(worker.process)
    assert worker.process.returncode == 0, worker.log.read_text()
    logged = lines(worker.log)
    (opened,) = [it for it in logged if it["message"].startswith("opened partitions")]
    assert opened["partitions"] == [0, 1]
    assert opened["logger"] == "streams.partitions.assignment"
    assert all(it["time"].endswith("Z") for it in logged)
    assert {"aiokafka", "faust"} <= {it["logger"].partition(".")[0] for it in logged}, "they were asked for"


def test_a_worker_tells_what_a_person_can_use_and_no_more(settings: Settings, tmp_path: Path) -> None:
    worker = Worker.start(settings, tmp_path, "one", variables={"LIFESTAGE_LOGLEVEL": "DEBUG"})
    other = None
    try:
        wait_until(lambda: worker.page("/ready")[0] == 200, what=worker.log.read_text)
        other = Worker.start(settings, tmp_path, "two", variables={"LIFESTAGE_WEB_PORT": str(worker.port)})
        wait_until(lambda: not other.alive, what=other.log.read_text)
        worker.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "Stack for <Task" in worker.log.read_text(), what=worker.log.read_text)
    finally:
        stop(worker.process)
        if other is not None:
            stop(other.process)
    assert worker.process.returncode == 0
    text = worker.log.read_text()
    assert "\x1b" not in text
    told, _, stacks = text.partition("Thread 0x")
    assert "(most recent call first):" in stacks
    assert "SIGTERM: the worker ends" in stacks
    # The topics of tests keep what is told for ever, which a worker warns of.
    unknown, *rest = (it for it in told.splitlines() if "--add-config retention.ms=" not in it)
    assert unknown.endswith("LIFESTAGE_LOGLEVEL is no setting, and has no effect: do you mean LIFESTAGE_LOG_LEVEL?")
    assert "opened partitions [0, 1]" in told
    assert [it for it in rest if " INFO " not in it] == []
    assert [it for it in rest if not it.split(" INFO ")[1].startswith(("streams.", "agents."))] == []
    assert len(rest) < 10

    assert other.process.returncode == 70
    (ended,) = other.log.read_text().splitlines()
    assert f"port {worker.port} of 127.0.0.1 is in use by another process: set LIFESTAGE_WEB_PORT" in ended


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
