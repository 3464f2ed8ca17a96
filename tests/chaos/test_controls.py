"""Workers that are wrong on purpose: the harness must find the fault of each.

The two stock workers of `make chaos-controls` have a judge of their own, which says nothing of the one here.
"""

from pathlib import Path

import pytest

from tests.chaos.part import run_part
from tests.support.programs import require_apache_kafka

CONTROLS = ("position of the group", "accounts outside", "futures unchecked")
# One kill of the only worker brings every one of these faults about.
SMALL = "--kills 1 --workers 1 --faults kill --rate 50"


@pytest.mark.chaos
@pytest.mark.apache
@pytest.mark.parametrize("name", CONTROLS)
def test_a_worker_that_is_wrong_fails(name: str, tmp_path: Path) -> None:
    require_apache_kafka()
    run_part(tmp_path, "tests.chaos.controls", name, *SMALL.split())
