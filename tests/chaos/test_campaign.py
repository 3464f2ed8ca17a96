"""The short form of the campaign in docs/reliability.md: each run passes, and each control fails as it should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import ROOT, require_apache_kafka

RUNS = {
    "kills": "--kills 20 --faults kill,failpoint,zombie,scale --times zombie=1,scale=1",
    "broker of three": "--kills 1 --faults kill,broker --times broker=1",
    "embedded": "--kills 2 --faults kill,failpoint,offsets,poison,truncation --times offsets=3 --broker embedded",
}
CONTROLS = ("stock exactly_once", "stock at_least_once", "position of the group", "futures unchecked")


def run(folder: Path, module: str, *arguments: str) -> None:
    """Run a part of the harness to its end, its logs in a folder; fail with what it printed last."""
    command = [sys.executable, "-m", module, *arguments, "--results", str(folder / "chaos.jsonl")]
    log = folder / "run.log"
    with log.open("wb") as output:
        done = subprocess.run(command, cwd=ROOT, env=os.environ, stdout=output, stderr=output, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{log.read_text()[-6000:]}"


@pytest.mark.chaos
@pytest.mark.apache
@pytest.mark.parametrize("name", RUNS)
def test_nothing_is_lost_or_repeated(name: str, tmp_path: Path) -> None:
    if name != "embedded":
        require_apache_kafka()
    run(tmp_path, "tests.chaos", *RUNS[name].split())


@pytest.mark.chaos
@pytest.mark.apache
@pytest.mark.parametrize("name", CONTROLS)
def test_a_worker_that_is_wrong_fails(name: str, tmp_path: Path) -> None:
    require_apache_kafka()
    run(tmp_path, "tests.chaos.controls", name, "--kills", "2")
