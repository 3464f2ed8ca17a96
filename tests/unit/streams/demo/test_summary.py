"""The lines under the report: what the run took, whether both results agree, and commands that can be copied."""

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from streams.demo import summary
from streams.demo.data_folder import DataFolder
from streams.demo.page_process import PageProcess
from streams.demo.report import ReportData
from streams.demo.servers import DemoServers
from streams.demo.summary import command_lines, figure_lines, see_all
from streams.demo.transition_history import build_history
from streams.demo.worker_process import WorkerProcess
from streams.settings import Settings
from tests.unit.streams.demo.published import DAY, SHIPPED, START, path, profile
from tests.unit.streams.demo.test_data_folder import RUN

FOLDER = DataFolder(Path("/tmp/run"))
OWN = Settings(app_id="lifestage-demo-1", broker="kafka:9092", redis_url="redis://u:p w@redis:1/0", topic_prefix="d.")


def lines(
    customer: str = "a", stage: str = "new", settings: Settings = OWN, stays: bool = True, restarts: int = 0, **run: Any
) -> list[str]:
    history = build_history(path(customer, new=1))
    data = ReportData(history, {customer: profile(customer, stage)}, SHIPPED, START, START + DAY, "EUR", DAY)
    worker = WorkerProcess({}, "", Path("/tmp/run/worker.log"))
    worker.restarts = restarts
    measured = msgspec.structs.replace(RUN, **{"measured": 30_000, "seconds": 2.0, "memory": 80_000_000, **run})
    figures = figure_lines(data, measured, worker)
    page = PageProcess({}, Path("/tmp/run/serve.log")) if stays else None
    commands = command_lines(data, DemoServers(settings), worker, FOLDER, page)
    return [it.plain for it in (*figures, *commands)]


@pytest.fixture(autouse=True)
def called_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "sys", SimpleNamespace(argv=["/somewhere/python"]))


def test_the_figures_of_the_run() -> None:
    assert lines()[1] == "30,000 events in 2.0 s: 15,000 events a second, 1 changes published, worker 80 MB."
    assert lines(restarts=2)[1].endswith(", worker 80 MB, started 3 times.")
    assert "0 events in 0.0 s: 0 events a second" in lines(measured=0, seconds=0.0)[1]


@pytest.mark.parametrize(
    ("stage", "line"),
    [
        ("new", "The 1 profiles in Redis say what the transitions in Kafka say."),
        ("loyal", "1 profiles in Redis do not say what the transitions in Kafka say."),
    ],
)
def test_kafka_and_redis_are_compared(stage: str, line: str) -> None:
    assert lines(stage=stage)[2] == line


def test_after_the_run_only_its_data_are_named() -> None:
    assert lines(stays=False)[4:] == [
        "data         /tmp/run; run it again without --exit (EXIT=1) to look customers up"
    ]


def test_the_commands_have_the_settings_that_they_need_and_can_be_copied() -> None:
    found = {line[:13].strip(): line[13:] for line in lines("it's me")}
    show, tail = shlex.split(found["a customer"]), shlex.split(found["all changes"])
    assert show == [
        "LIFESTAGE_REDIS_URL=redis://u:p w@redis:1/0",
        "LIFESTAGE_APP_ID=lifestage-demo-1",
        "lifestage",
        "show",
        "it's me",
    ]
    assert tail[:3] == ["LIFESTAGE_BROKER=kafka:9092", "LIFESTAGE_TOPIC_PREFIX=d.", "LIFESTAGE_APP_ID=lifestage-demo-1"]
    assert found["metrics"] == "http://127.0.0.1:6066/metrics"


def test_what_was_put_aside_can_be_listed() -> None:
    told = see_all(DemoServers(OWN), "my file.jsonl", None, stays=True)
    assert shlex.split(told.rejects)[-2:] == ["lifestage", "rejects"]
    assert shlex.split(told.unknown) == [
        *("lifestage", "backtest", "my file.jsonl", "--out", "/dev/null", "--unknown", "-")
    ]
    assert "without --exit" in see_all(DemoServers(OWN), "f", None, stays=False).rejects
    mapped = see_all(DemoServers(OWN), "orders.csv", "shopify", stays=True)
    assert shlex.split(mapped.rejects)[1:5] == ["backtest", "orders.csv", "--mapping", "shopify"]


def test_settings_that_are_the_defaults_are_left_out() -> None:
    (show,) = [line for line in lines(settings=Settings()) if line.startswith("a customer")]
    assert show == "a customer   LIFESTAGE_REDIS_URL=redis://127.0.0.1:6379/0 lifestage show a"


def test_the_id_of_a_customer_cannot_move_the_cursor() -> None:
    assert "\x1b" not in "".join(lines("\x1b[2Jgone"))
