"""A server that we start as a child: it lives as long as the block that needs it, and never longer."""

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
    """A server did not start, or ended when nobody asked it to; the text says what it printed last."""


@contextmanager
def running(
    arguments: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    inherit: Sequence[int] = (),
    grace: float = 10.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the length of the block; what it prints goes to ``log``, which is begun anew.

    However the block ends (also by Ctrl-C, SIGTERM or an error), the program gets SIGTERM, and SIGKILL when
    it is still there after ``grace`` seconds. On Linux it also ends when this process is killed. ``inherit``
    names file descriptors that the program keeps open (a lock that must outlive this process, say).
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, _sigterm_unwinds():
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
    """Start a program that dies with this process (on Linux), deaf to the terminal's Ctrl-C."""
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        pass_fds=tuple(inherit),
        # Ctrl-C goes to a whole terminal session: a server must outlive the worker that is still closing.
        start_new_session=True,
        preexec_fn=_die_with_parent(),  # noqa: PLW1509 one system call, nothing that takes a lock
    )


def stop(child: subprocess.Popen[bytes], grace: float = 10.0) -> None:
    """End a child: SIGTERM (after waking it, should it be stopped), SIGKILL after ``grace`` seconds."""
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
    """Return as soon as ``ready()`` holds; raise ``ServerError`` when the child ends or time runs out."""
    deadline = time.monotonic() + timeout
    while not ready():
        if child.poll() is not None:
            raise ServerError(f"{name} ended with exit status {child.returncode}. {_last_words(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"{name} gave no answer within {timeout:.0f} s. {_last_words(log)}")
        time.sleep(_POLL_SECONDS)


def _last_words(log: Path) -> str:
    text = log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip() if log.exists() else ""
    return f"Its log is {log} and ends with:\n{text}" if text else f"Its log {log} is empty."


def _die_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # loaded before the fork: the child must not take import locks
    parent = os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died between the fork and the request
            os._exit(1)

    return ask_the_kernel


@contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """Turn SIGTERM into SystemExit, so that the blocks we are in are left in order."""
    try:
        previous = signal.getsignal(signal.SIGTERM)
        if previous is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _leave)
    except ValueError:  # not the main thread: whoever runs it decides about signals
        previous = None
    try:
        yield
    finally:
        if previous is signal.SIG_DFL and signal.getsignal(signal.SIGTERM) is _leave:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
