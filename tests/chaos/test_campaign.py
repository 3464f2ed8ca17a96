"""The short form of the campaign in docs/reliability.md, on Apache Kafka."""

from pathlib import Path

import pytest

from tests.chaos.part import run_part
from tests.support.programs import require_apache_kafka

# Each campaign has a file of its own, so that they can run beside each other.
RUNS = {
    "kills": "--kills 4 --faults kill,failpoint,zombie,scale,recreated --times zombie=1,scale=1,recreated=1",
    "broker of three": "--kills 1 --faults kill,broker --times broker=1 --rate 50",
}


@pytest.mark.chaos
@pytest.mark.apache
@pytest.mark.parametrize("name", RUNS)
def test_nothing_is_lost_or_repeated(name: str, tmp_path: Path) -> None:
    require_apache_kafka()
    run_part(tmp_path, "tests.chaos", *RUNS[name].split())
