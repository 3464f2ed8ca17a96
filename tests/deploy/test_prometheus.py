"""Prometheus: its own tool accepts the file and the metrics, and looks for the workers where they are."""

import subprocess

from streams.observe.metrics import Metrics
from tests.deploy.files import PROMETHEUS, read, service
from tests.support.observed import NOW, committed, health
from tests.support.programs import require_program


def test_promtool_accepts_it() -> None:
    command = [require_program("promtool"), "check", "config", str(PROMETHEUS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_scrapes_the_workers() -> None:
    (job,) = read(PROMETHEUS)["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert found["names"] == ["workers"]
    assert str(found["port"]) == service("workers")["environment"]["LIFESTAGE_WEB_PORT"]


def test_promtool_finds_nothing_to_say_of_the_metrics() -> None:
    metrics = Metrics(health(), live=True, now=lambda: NOW)
    metrics.committed(committed())
    command = [require_program("promtool"), "check", "metrics"]
    checked = subprocess.run(command, input=metrics.text(), capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
