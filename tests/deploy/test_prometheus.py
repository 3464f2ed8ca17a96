"""Prometheus: its own tool accepts the file and the metrics, and looks for the workers where they are."""

import shutil
import subprocess
from pathlib import Path

from streams.observe.metrics import Metrics
from tests.deploy.files import ALERTS, PROMETHEUS, read, service
from tests.support.observed import NOW, committed, health
from tests.support.programs import require_program

TOKEN = "/run/secrets/prometheus_token"


def test_promtool_accepts_it(tmp_path: Path) -> None:
    shutil.copytree(PROMETHEUS.parent, tmp_path, dirs_exist_ok=True)
    token = tmp_path / "token"
    token.write_text("0123456789abcdef0\n")
    moved = tmp_path / PROMETHEUS.name
    moved.write_text(PROMETHEUS.read_text().replace(TOKEN, str(token)))
    command = [require_program("promtool"), "check", "config", str(moved)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules())} rules found" in done.stdout


def rules() -> list[object]:
    return [rule for group in read(ALERTS)["groups"] for rule in group["rules"]]


def test_it_scrapes_the_workers_and_the_servers() -> None:
    jobs = {job["job_name"]: job for job in read(PROMETHEUS)["scrape_configs"]}
    for job, name, variable in (
        ("lifestage", "workers", "LIFESTAGE_WEB_PORT"),
        ("lifestage-serve", "serve", "LIFESTAGE_SERVE_PORT"),
    ):
        (found,) = jobs.pop(job)["dns_sd_configs"]
        assert found["names"] == [name]
        assert str(found["port"]) == service(name)["environment"][variable]
    assert not jobs


def test_promtool_finds_nothing_to_say_of_the_metrics() -> None:
    metrics = Metrics(health(), live=True, now=lambda: NOW)
    metrics.committed(committed())
    command = [require_program("promtool"), "check", "metrics"]
    checked = subprocess.run(command, input=metrics.text(), capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
