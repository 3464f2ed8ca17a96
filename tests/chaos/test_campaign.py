"""The short form of the campaign in docs/reliability.md."""

from pathlib import Path

import pytest

from tests.chaos.part import run_part
from tests.reference_model.agreement import POLICIES
from tests.support.programs import require_apache_kafka

EVERYTHING = POLICIES["everything"]
# `make chaos` has 150 events a second. For each decision the oracle looks at all that a customer did, and looks longest
# under the policy of everything.
RUNS = {
    "kills": "--kills 4 --faults kill,failpoint,zombie,scale,recreated --times zombie=1,scale=1,recreated=1 --rate 50",
    "broker of three": "--kills 1 --faults kill,broker --times broker=1 --rate 50",
    "accounts": f"--kills 2 --faults kill,failpoint,forget --rate 30 --accounts {POLICIES['accounts']}",
    "embedded": "--kills 2 --faults kill,failpoint,offsets,poison,truncation --times offsets=3 --broker embedded "
    f"--rate 25 --policy {EVERYTHING}",
}


@pytest.mark.chaos
@pytest.mark.apache
@pytest.mark.parametrize("name", RUNS)
def test_nothing_is_lost_or_repeated(name: str, tmp_path: Path) -> None:
    if name != "embedded":
        require_apache_kafka()
    run_part(tmp_path, "tests.chaos", *RUNS[name].split())
