"""Flame graphs: where the time of a Python process goes, drawn by py-spy while it works."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.report import LeftOutError

_RATE = 200
_DRAWING_SECONDS = 60.0


def py_spy() -> str:
    """Return the path of the profiler. Raises ``LeftOutError`` if it is not installed."""
    found = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if found is None:
        raise LeftOutError("py-spy is not installed")
    return found


@contextmanager
def recording(pid: int, file: str | Path) -> Iterator[None]:
    """Record a flame graph of a process during the block. Raises ``LeftOutError`` where profiling is not permitted."""
    command = [py_spy(), "record", "--pid", str(pid), "--rate", str(_RATE), "--output", str(file), "--nonblocking"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as spy:
        try:
            yield
        finally:
            spy.send_signal(signal.SIGINT)  # it draws, and then ends
            printed, _ = spy.communicate(timeout=_DRAWING_SECONDS)
    if not Path(file).exists():
        raise LeftOutError(f"py-spy drew nothing: {printed.decode()[-500:]}")
