"""The deployment files, and the programs that judge them."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def service(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read(COMPOSE)["services"][name]
    return found


def program(name: str, named_by: str = "") -> str:
    """Find a program; skip where it is missing, except in CI, where that is a failure."""
    found = os.environ.get(named_by) or shutil.which(name)
    if found:
        return found
    missing = f"{name} not found" + (f": install it or name it in {named_by}" if named_by else "")
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must run this test: {missing}")
    pytest.skip(missing)
