"""Prometheus: its own tool accepts the file, which looks for the workers where they are."""

import subprocess

from tests.deploy.files import PROMETHEUS, program, read, service


def test_promtool_accepts_it() -> None:
    command = [program("promtool"), "check", "config", str(PROMETHEUS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_scrapes_the_workers() -> None:
    (job,) = read(PROMETHEUS)["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert found["names"] == ["workers"]
    assert str(found["port"]) == service("workers")["environment"]["LIFESTAGE_WEB_PORT"]
