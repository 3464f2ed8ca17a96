"""The demo with real servers and a real worker: what it shows, what it leaves, and what it survives."""

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.sources import examples
from tests.integration.demo.runs import (
    SECONDS,
    Decision,
    decided,
    demo,
    groups,
    last_stages,
    named,
    picture,
    processes,
    started,
    transitions,
)
from tests.support.waiting import wait_until

OWN_STAGES = """
name = "own"
[customers]
excluded = "kind == 'business'"
[[lifecycle.stages]]
key = "asleep"
enter = 'silence == "churned"'
left = "woken"
[[lifecycle.stages]]
key = "regular"
enter = "orders_90d >= 3"
[[lifecycle.stages]]
key = "buyer"
enter = "orders >= 1"
[[lifecycle.stages]]
key = "lead"
"""
SLICE = ("--source", "simulated", "--customers", "60")


class First(NamedTuple):
    data: Path
    output: str


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    data = tmp_path_factory.mktemp("demo") / "data"
    done = demo(data, *SLICE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not processes(data)
    return First(data, done.stdout)


@pytest.fixture(scope="module")
def decision() -> Decision:
    return decided("simulated", 60)


def test_the_picture_shows_what_the_backtest_says(first: First, decision: Decision) -> None:
    expected, histories = decision
    assert transitions(first.output) == named(expected.by_name)
    stages = last_stages(first.output)
    assert {stage: count for stage, count in stages.items() if count} == dict(expected.stages)
    changes = [it.change for history in histories.values() for it in history.published if it.change.key is not None]
    of_steps = {f"{it.name}: {step.replace('_', ' ')}" for it in changes if it.direction for step in (it.from_, it.to)}
    shown = groups(first.output)
    assert shown.keys() == {
        *(it.name for it in changes if not it.direction),
        *(name for name in of_steps if not name.endswith(": none")),
    }
    customers = [history.customer for history in histories.values()]
    assert sum(members for members, *_ in shown.values()) == sum(
        len(it.memberships) + len(it.steps) for it in customers
    )
    assert f"{len(expected.transitions):,} changes published" in first.output
    assert f"The {len(histories)} profiles in Redis say what the transitions in Kafka say" in first.output
    assert "run it again without --exit (EXIT=1) to look customers up" in " ".join(first.output.split())


def test_going_on_with_a_complete_run_shows_the_same_again(first: First) -> None:
    again = demo(first.data, *SLICE, "--continue")
    assert again.returncode == 0, again.stderr
    assert "complete" in again.stdout.splitlines()[0]
    assert picture(again.stdout) == picture(first.output)
    other = demo(first.data, "--source", "simulated", "--customers", "9", "--continue")
    assert other.returncode == 1
    assert "had another source, events" in other.stderr
    assert not processes(first.data)


def test_starting_over_with_a_worker_killed_in_the_middle_shows_the_same(first: First) -> None:
    run = started(first.data, *SLICE, "--exit", "--fresh")
    before = _until_printed(run, "events processed")
    assert "starting over, as asked" in before
    (worker,) = [pid for pid, command in processes(first.data).items() if command.rstrip().endswith(" worker")]
    os.kill(worker, signal.SIGKILL)
    output = before + run.communicate(timeout=SECONDS)[0]
    assert run.returncode == 0, output
    assert f"the worker (process {worker}) was ended by SIGKILL" in output
    assert picture(output) == picture(first.output)
    assert not processes(first.data)


def test_a_killed_run_leaves_nothing_running_and_the_next_goes_on(first: First, data_folder: Path) -> None:
    _interrupt(started(data_folder, *SLICE, "--exit"), signal.SIGKILL, -9)
    wait_until(lambda: not processes(data_folder))
    again = demo(data_folder, *SLICE)
    assert again.returncode == 0, again.stderr
    assert "going on with it" in again.stdout
    assert picture(again.stdout) == picture(first.output)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing_running(data_folder: Path, number: signal.Signals, status: int) -> None:
    rest = _interrupt(started(data_folder, *SLICE), number, status)
    assert number == signal.SIGTERM or "the next run goes on from here" in rest
    wait_until(lambda: not processes(data_folder))


def test_a_policy_with_stages_of_its_own_has_the_whole_picture(data_folder: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(OWN_STAGES)
    done = demo(data_folder, *SLICE, "--policy", str(policy))
    assert done.returncode == 0, done.stderr
    expected, histories = decided("simulated", 60, policy)
    assert f"The {len(histories)} profiles in Redis say what the transitions in Kafka say" in done.stdout
    assert last_stages(done.stdout) == dict(expected.stages)
    assert transitions(done.stdout) == named(expected.by_name)
    assert "· lead   ░ buyer   █ regular   / asleep   - excluded" in done.stdout


def test_what_was_put_aside_is_told(data_folder: Path, tmp_path: Path) -> None:
    event = {"event": "Order Completed", "userId": "c1", "timestamp": "2025-03-01T10:00:00Z", "messageId": "m1"}
    good = {**event, "properties": {"order_id": "o1", "total": 5}}
    bad = {**event, "properties": {"order_id": "o1", "total": "EUR 4"}}
    source = tmp_path / "events.jsonl"
    source.write_text("\n".join(map(json.dumps, [good, good, {**good, "event": "Order Compleet"}, bad])))
    for options in ((), ("--continue",)):
        done = demo(data_folder, "--source", str(source), *options)
        assert done.returncode == 0, done.stderr
        told = [" ".join(line.split()) for line in done.stdout.splitlines()]
        assert {"events in 4", "applied 2", "duplicates 1", "rejected 1"} <= set(told)
        assert "Order Compleet 1 line 3; do you mean Order Completed?" in told
        assert any(line.startswith("invalid 1 line 4: properties.total is") for line in told)


def test_an_export_in_pounds_gives_the_picture(data_folder: Path, tmp_path: Path) -> None:
    source = examples.write_example("uci-online-retail", tmp_path, customers=20)
    with source.open("a") as file:
        file.write("900001,A,A,1,12/31/2025 10:00,5.00,,France\n900002,A,A,1,31.12.2025,5.00,12001,France\n")
    done = demo(data_folder, "--source", str(source), "--mapping", "uci-online-retail")
    assert done.returncode == 0, done.stderr
    assert "counts in GBP here, the currency of uci-online-retail" in done.stderr
    assert "records became" in done.stdout
    assert sum(last_stages(done.stdout).values()) > 10
    told = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert {"rejected 2", "duplicates 0"} <= set(told)
    assert any(line.startswith("missing_user 1 ") and "CustomerID or Customer ID is empty" in line for line in told)
    assert any(line.startswith("bad_timestamp 1 ") and "InvoiceDate: '31.12.2025' is not like" in line for line in told)
    again = [line for line in told if line.startswith("all rejects: run it again")]
    assert again


def test_it_stays_until_a_signal_ends_it(data_folder: Path) -> None:
    run = started(data_folder, "--source", "simulated", "--customers", "20")
    output = _until_printed(run, "Ctrl-C ends everything")
    assert "LIFESTAGE_REDIS_URL=redis://127.0.0.1:" in output
    address = _until_printed(run, "All of it is to be seen at").split()[-1]
    assert f"watch the year at {address}" in output
    with urllib.request.urlopen(address, timeout=SECONDS) as page:
        assert b"<title>lifestage</title>" in page.read()
    with urllib.request.urlopen(f"{address}v1/stages", timeout=SECONDS) as stages:
        assert sum(it["count"] for it in json.load(stages)["stages"]) == 20
    run.send_signal(signal.SIGINT)
    rest = run.communicate(timeout=SECONDS)[0]
    assert run.returncode == 0, rest
    assert "the data stay in" in rest
    assert not processes(data_folder)


def _until_printed(run: subprocess.Popen[str], words: str) -> str:
    """Read what a run says until it has said these words; return all of it."""
    assert run.stdout is not None
    printed = ""
    while words not in printed:
        line = run.stdout.readline()
        assert line, printed
        printed += line
    return printed


def _interrupt(run: subprocess.Popen[str], number: signal.Signals, status: int) -> str:
    printed = _until_printed(run, "events processed")
    run.send_signal(number)
    printed += run.communicate(timeout=SECONDS)[0]
    assert run.returncode == status, printed
    assert "Traceback" not in printed
    return printed
