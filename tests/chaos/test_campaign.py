"""The short form of the campaign in docs/reliability.md."""

from pathlib import Path

import pytest

from tests.chaos.part import run_part
from tests.reference_model.agreement import POLICIES
from tests.support.programs import require_apache_kafka

EVERYTHING = POLICIES["everything"]
RUNS = {
    "kills": "--kills 4 --faults kill,failpoint,zombie,scale,recreated --times zombie=1,scale=1,recreated=1",
    "broker of three": "--kills 1 --faults kill,broker --times broker=1",
    "accounts": f"--kills 2 --faults kill,failpoint,forget --rate 60 --accounts {POLICIES['accounts']}",
    "embedded": "--kills 2 --faults kill,failpoint,offsets,poison,truncation --times offsets=3 --broker embedded "
    f"--rate 60 --policy {EVERYTHING}",
}


@pytest.mark.chaos
@pytest.mark.apache
@pytest.mark.parametrize("name", RUNS)
def test_nothing_is_lost_or_repeated(name: str, tmp_path: Path) -> None:
    if name != "embedded":
        require_apache_kafka()
    run_part(tmp_path, "tests.chaos", *RUNS[name].split())
