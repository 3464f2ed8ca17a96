"""One run of the harness as a process of its own."""

import subprocess
import sys
from pathlib import Path

from tests.support.programs import ROOT


def run_part(folder: Path, module: str, *arguments: str) -> None:
    """Run a part of the harness to its end, its logs in a folder; fail with what it printed last."""
    command = [sys.executable, "-m", module, *arguments, "--results", str(folder / "chaos.jsonl")]
    log = folder / "run.log"
    with log.open("wb") as output:
        done = subprocess.run(command, cwd=ROOT, stdout=output, stderr=output, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{log.read_text()[-6000:]}"
