"""One run of the harness as a process of its own."""

import sys
from pathlib import Path

from streams.embedded.child_process import running


def run_part(folder: Path, module: str, *arguments: str) -> None:
    """Run a part of the harness to its end, its logs in a folder; fail with what it printed last."""
    command = [sys.executable, "-m", module, *arguments, "--results", str(folder / "chaos.jsonl")]
    log = folder / "run.log"
    with running(command, log=log) as child:
        status = child.wait()
    assert status == 0, f"{' '.join(command)}\n{log.read_text()[-6000:]}"
