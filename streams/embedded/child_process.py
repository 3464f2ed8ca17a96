"""Child processes that end with the block, or at the latest with the process, that started them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

_PR_SET_PDEATHSIG = 1
_LOG_TAIL_BYTES = 2_000
_POLL_SECONDS = 0.02


class ServerError(RuntimeError):
    """A server that did not start or ended unexpectedly; the message has the end of its log."""


@contextmanager
def running(
    arguments: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    inherit: Sequence[int] = (),
    grace: float = 10.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the length of the block; its output goes to ``log``, which is overwritten.

    However the block ends (also by Ctrl-C, SIGTERM or an error), the program gets SIGTERM, and SIGKILL if it
    still runs after ``grace`` seconds. On Linux it also ends when this process is killed. ``inherit``
    names file descriptors that the program keeps open (a lock that must outlive this process, say).
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, _exit_on_sigterm():
        child = start(arguments, output=output, environment=environment, inherit=inherit)
        try:
            yield child
        finally:
            stop(child, grace)


def start(
    arguments: Sequence[str],
    *,
    output: IO[bytes],
    environment: Mapping[str, str] | None = None,
    inherit: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program that ends with this process (on Linux) and does not receive the terminal's Ctrl-C."""
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        pass_fds=tuple(inherit),
        # Ctrl-C goes to the whole terminal session, and a worker that shuts down still needs its servers.
        start_new_session=True,
        preexec_fn=_die_with_parent(),  # noqa: PLW1509 one system call, which takes no lock
    )


def stop(child: subprocess.Popen[bytes], grace: float = 10.0) -> None:
    """End a child: SIGCONT in case it is paused, SIGTERM, and SIGKILL after ``grace`` seconds."""
    if child.poll() is not None:
        return
    with suppress(ProcessLookupError):
        child.send_signal(signal.SIGCONT)
        child.terminate()
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def wait_until(
    ready: Callable[[], bool], child: subprocess.Popen[bytes], log: Path, *, name: str, timeout: float
) -> None:
    """Return as soon as ``ready()`` holds; raise ``ServerError`` when the child ends or after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not ready():
        if child.poll() is not None:
            raise ServerError(f"{name} ended with exit status {child.returncode}. {log_tail(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"{name} gave no answer within {timeout:.0f} s. {log_tail(log)}")
        time.sleep(_POLL_SECONDS)


def log_tail(log: Path) -> str:
    """Say what a log ends with."""
    text = log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip() if log.exists() else ""
    return f"Its log is {log} and ends with:\n{text}" if text else f"Its log {log} is empty."


def _die_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # before the fork: the child must not take import locks
    parent = os.getpid()

    def set_death_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died between the fork and the request
            os._exit(1)

    return set_death_signal


@contextmanager
def _exit_on_sigterm() -> Iterator[None]:
    """Raise ``SystemExit`` on SIGTERM, so that all ``with`` and ``finally`` blocks run."""
    try:
        previous = signal.getsignal(signal.SIGTERM)
        if previous is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _exit)
    except ValueError:  # not the main thread, which alone can set signal handlers
        previous = None
    try:
        yield
    finally:
        if previous is signal.SIG_DFL and signal.getsignal(signal.SIGTERM) is _exit:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
