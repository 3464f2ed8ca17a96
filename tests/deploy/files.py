"""The deployment files."""

from pathlib import Path
from typing import Any

import yaml

from tests.support.programs import ROOT

COMPOSE = ROOT / "docker-compose.yml"
PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARD = GRAFANA / "dashboards" / "lifestage.json"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
ALERTS = PROMETHEUS.with_name("alerts.yml")


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read(COMPOSE)["services"][name]
    return found
