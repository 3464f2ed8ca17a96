"""The stacks of a process, written to stderr: when it crashes outside of Python, and whenever SIGUSR1 asks for them."""

import asyncio
import faulthandler
import signal
import sys

_STDERR = 2


def show_stacks() -> None:
    """Write the stacks of all threads from now on, even if Python itself hangs or has crashed."""
    faulthandler.enable(_STDERR)
    faulthandler.register(signal.SIGUSR1, _STDERR)


def show_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Write those of all tasks of a loop after them, if it still goes round."""
    faulthandler.unregister(signal.SIGUSR1)
    loop.add_signal_handler(signal.SIGUSR1, _print_tasks, loop)
    faulthandler.register(signal.SIGUSR1, _STDERR, chain=True)


def _print_tasks(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.print_stack(file=sys.stderr)
    sys.stderr.flush()
