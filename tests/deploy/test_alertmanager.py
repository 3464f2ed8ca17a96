"""Alertmanager: its own tool accepts the file, and what follows from an alert that is told already is not told."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from streams.embedded.child_process import running
from streams.embedded.ports import HOST, free_port
from tests.deploy.files import ALERTMANAGER, ALERTS, PROMETHEUS, read, service
from tests.support.programs import require_program
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Alertmanager with the file that is deployed."""
    folder = tmp_path_factory.mktemp("alertmanager")
    address = f"{HOST}:{free_port()}"
    command = [
        require_program("prometheus-alertmanager"),
        f"--config.file={ALERTMANAGER}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
        f"--storage.path={folder / 'data'}",
    ]
    log = folder / "log"
    with running(command, log=log):
        wait_until(lambda: _answers(address), what=log.read_text)
        yield f"http://{address}/api/v2/alerts"


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/-/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False


def post(address: str, *alerts: dict[str, str]) -> None:
    body = json.dumps([{"labels": it} for it in alerts]).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


def told(address: str) -> dict[tuple[str, str], str]:
    """The alerts by name and partition or instance, each with its state: active or suppressed."""
    with urllib.request.urlopen(address, timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return {
        (it["labels"]["alertname"], it["labels"].get("partition") or it["labels"].get("instance", "")): it["status"][
            "state"
        ]
        for it in found
    }


def test_amtool_accepts_it() -> None:
    command = [require_program("amtool"), "check-config", str(ALERTMANAGER)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_and_compose_know_where_it_is() -> None:
    (manager,) = read(PROMETHEUS)["alerting"]["alertmanagers"]
    (target,) = manager["static_configs"][0]["targets"]
    name, port = target.split(":")
    assert service(name)["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_every_alert_that_it_names_exists() -> None:
    names = {rule["alert"] for group in read(ALERTS)["groups"] for rule in group["rules"]}
    for rule in read(ALERTMANAGER)["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            label, _, value = matcher.partition(" ")
            assert label == "alertname"
            pattern = value.lstrip("=~ ").strip('"')
            named = pattern.removeprefix("Lifestage(").removesuffix(")").split("|")
            assert {it if it.startswith("Lifestage") else f"Lifestage{it}" for it in named} <= names


def test_what_follows_from_a_stopped_partition_is_not_told(alertmanager: str) -> None:
    one, two = ({"job": "lifestage", "instance": it} for it in ("w1:6066", "w2:6066"))
    post(
        alertmanager,
        {"alertname": "LifestagePartitionStopped", "partition": "3", **one},
        {"alertname": "LifestageWorkerNotReady", **one},
        {"alertname": "LifestageWorkerNotReady", **two},
        {"alertname": "LifestageDecisionsBehind", "job": "lifestage", "partition": "3"},
        {"alertname": "LifestageDecisionsBehind", "job": "lifestage", "partition": "4"},
    )
    expected = {
        ("LifestagePartitionStopped", "3"): "active",
        ("LifestageWorkerNotReady", "w1:6066"): "suppressed",
        ("LifestageWorkerNotReady", "w2:6066"): "active",
        ("LifestageDecisionsBehind", "3"): "suppressed",
        ("LifestageDecisionsBehind", "4"): "active",
    }
    wait_until(lambda: told(alertmanager) == expected, what=lambda: told(alertmanager))
