"""Workers that are wrong on purpose: the harness must find the fault of each."""

from pathlib import Path

import pytest

from tests.chaos.part import run_part
from tests.support.programs import require_apache_kafka

CONTROLS = (
    "stock exactly_once",
    "stock at_least_once",
    "position of the group",
    "accounts outside",
    "futures unchecked",
)


@pytest.mark.chaos
@pytest.mark.apache
@pytest.mark.parametrize("name", CONTROLS)
def test_a_worker_that_is_wrong_fails(name: str, tmp_path: Path) -> None:
    require_apache_kafka()
    run_part(tmp_path, "tests.chaos.controls", name, "--kills", "2")
