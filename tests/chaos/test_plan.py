"""The plan of a run: what another source tree adds to it, and what is refused."""

import subprocess
from pathlib import Path

import pytest

from tests.chaos.mixed_versions import worker_of
from tests.chaos.plan import read_plan
from tests.support.programs import ROOT


def test_another_source_tree_is_drawn_with_the_other_faults() -> None:
    plan = read_plan(["--seed", "1", "--other-tree", str(ROOT)])
    assert "mixed" in plan.steps
    assert "mixed" not in read_plan(["--seed", "1"]).steps


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("--faults mixed", "mixed needs --other-tree"),
        ("--other-tree tests", "no source tree of lifestage"),
        (f"--other-tree {ROOT} --faults mixed --workers 1", "WORKERS=2 or more"),
        (f"--other-tree {ROOT} --broker embedded", "mixed needs BROKER=apache"),
    ],
)
def test_what_cannot_be_mixed_is_refused(arguments: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_plan(arguments.split())
    assert why in capsys.readouterr().err


def test_a_worker_of_another_tree_never_runs_the_present_one(tmp_path: Path) -> None:
    done = subprocess.run(worker_of(tmp_path), capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "AssertionError" in done.stderr
