"""The demo refuses what it cannot do with a message, and changes nothing."""

import subprocess
from pathlib import Path

from streams.embedded.ports import free_port
from tests.integration.demo.runs import demo, processes


def _refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr


def test_a_folder_that_is_not_ours(data_folder: Path) -> None:
    data_folder.mkdir()
    (data_folder / "kafka").mkdir()
    (data_folder / "kafka" / "mine").write_text("precious")
    assert "is not empty" in _refused(demo(data_folder, "--source", "simulated", "--fresh"))
    assert (data_folder / "kafka" / "mine").read_text() == "precious"


def test_a_source_that_is_missing(data_folder: Path) -> None:
    output = _refused(demo(data_folder, "--source", "nowhere.jsonl"))
    assert "nowhere.jsonl cannot be read" in output
    assert "complete-journey" in output


def test_a_file_of_which_nothing_can_be_used(data_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "events.jsonl"
    source.write_text('{"event":"Order Compleet","userId":"c1","timestamp":"2025-03-01T10:00:00Z"}\n{\n')
    done = demo(data_folder, "--source", str(source))
    assert done.returncode == 2
    assert "nothing in" in _refused(done)
    assert "do you mean Order Completed?" in done.stdout
    assert not processes(data_folder)


def test_a_file_of_another_kind(data_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "sales.csv"
    source.write_text("who,when,paid\nann,2025-01-01,5\n")
    done = demo(data_folder, "--source", str(source))
    assert done.returncode == 2
    assert "sales.csv is CSV with the columns who, when, paid: give --mapping" in _refused(done)
    mapped = demo(data_folder, "--source", str(source), "--mapping", "shopify")
    assert mapped.returncode == 2
    assert "there is no column `Email`" in _refused(mapped)


def test_a_policy_that_is_wrong(data_folder: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "mine"\n\n[lifecycle]\none_time_patience_days = "two months"\n')
    assert f"{policy}:4:" in _refused(demo(data_folder, "--source", "simulated", "--policy", str(policy)))


def test_a_broker_that_is_away(data_folder: Path) -> None:
    broker = f"127.0.0.1:{free_port()}"
    output = _refused(demo(data_folder, "--source", "simulated", "--customers", "5", "--broker", broker))
    assert f"no Kafka answers at {broker}" in output
    assert not processes(data_folder)


def test_a_redis_that_is_away(data_folder: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    output = _refused(demo(data_folder, "--source", "simulated", "--customers", "5", "--redis", url))
    assert f"no Redis at {url}" in output
    assert not processes(data_folder)
