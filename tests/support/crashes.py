"""Crashes: processes of tests that died of a fault outside of Python, with the stacks that they left in their logs."""

import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

_FAULTS = {-it for it in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)}
_TAIL_CHARACTERS = 20_000


class Started(NamedTuple):
    """A process that a test has started, and the file it prints to."""

    process: "subprocess.Popen[bytes]"
    log: Path


_started: list[Started] = []


def look_after(process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Remember a process, so that ``crashed`` tells of it."""
    _started.append(Started(process, log))


def crashed() -> str:
    """Return what each process that crashed since the last call wrote last; empty if none has crashed."""
    ended = [it for it in _started if it.process.poll() is not None]
    _started[:] = [it for it in _started if it not in ended]
    return "\n".join(_told(it) for it in ended if it.process.returncode in _FAULTS)


def _told(it: Started) -> str:
    name = signal.Signals(-it.process.returncode).name
    text = it.log.read_text(errors="replace") if it.log.exists() else ""
    return f"process {it.process.pid} died of {name}, and its log {it.log} ends with:\n{text[-_TAIL_CHARACTERS:]}"
