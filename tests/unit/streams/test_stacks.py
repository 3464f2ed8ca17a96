"""Stacks: a process that crashes outside of Python leaves them in its log, and tests tell of it."""

import subprocess
import sys
from pathlib import Path

from tests.support import crashes
from tests.support.programs import ROOT

PROGRAM = """
import faulthandler
from streams.stacks import show_stacks

def in_the_middle():
    faulthandler._sigsegv()

show_stacks()
in_the_middle()
"""


def test_a_crash_leaves_the_stacks_of_all_threads(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=output, env={"PYTHONPATH": str(ROOT)})
    crashes.look_after(process, log)
    process.wait()
    told = crashes.crashed()
    assert f"process {process.pid} died of SIGSEGV" in told
    assert "Fatal Python error: Segmentation fault" in told
    assert "in in_the_middle" in told
    assert crashes.crashed() == ""
