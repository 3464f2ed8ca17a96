"""The short form of the campaign in docs/reliability.md, with accounts, whose workers read what the others write."""

from pathlib import Path

import pytest

from tests.chaos.part import run_part
from tests.reference_model.agreement import POLICIES
from tests.support.programs import require_apache_kafka


@pytest.mark.chaos
@pytest.mark.apache
def test_nothing_is_lost_or_repeated(tmp_path: Path) -> None:
    require_apache_kafka()
    faults = "--kills 2 --faults kill,failpoint,forget --rate 30 --accounts"
    run_part(tmp_path, "tests.chaos", *faults.split(), str(POLICIES["accounts"]))
