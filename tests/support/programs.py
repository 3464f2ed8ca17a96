"""Where the tree is, and programs that this machine may lack."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support import servers

ROOT = Path(__file__).parents[2]


def require_program(name: str, named_by: str = "") -> str:
    """Find a program; skip where it is missing, except in CI, where that is a failure."""
    found = os.environ.get(named_by) or shutil.which(name)
    if not found:
        _missing(f"{name} not found" + (f": install it or name it in {named_by}" if named_by else ""))
    assert found
    return found


def require_library(name: str, package: str) -> Path:
    """Find a library of a Debian package below /usr/lib; skip where it is missing, except in CI, where it must be."""
    found = library(name)
    if found is None:
        _missing(f"{name} not found: install {package}")
    assert found is not None
    return found


def library(name: str) -> Path | None:
    """Find a library below /usr/lib."""
    return next(Path("/usr/lib").glob(f"*/{name}"), None)


def require_apache_kafka() -> None:
    """Skip when Apache Kafka cannot run here, except in CI, where that is a failure."""
    missing = servers.apache_kafka_missing()
    if missing:
        _missing(missing)


def _missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must run this test: {what}")
    pytest.skip(what)
