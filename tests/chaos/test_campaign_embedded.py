"""The short form of the campaign in docs/reliability.md, on the embedded broker and under the policy of everything."""

from pathlib import Path

import pytest

from tests.chaos.part import run_part
from tests.reference_model.agreement import POLICIES


@pytest.mark.chaos
def test_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    # For each decision the oracle looks at all that a customer did, and looks longest under this policy.
    faults = "--kills 2 --faults kill,failpoint,offsets,poison,truncation --times offsets=3 --broker embedded --rate 25"
    run_part(tmp_path, "tests.chaos", *faults.split(), "--policy", str(POLICIES["everything"]))
