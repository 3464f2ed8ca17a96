"""What a process that is to end still waits for, in the names of its functions; can be asked in any thread."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

_FRAMES = 3
_FRAMEWORK = {"mode", "faust", "asyncio"}
_STOP = "Service.stop"
# What a service awaits here are tasks of their own.
_WAITING_FOR_OTHERS = {"Service._default_stop_children", "Service._gather_futures", "Service._wait_for_futures"}


def unfinished(loop: asyncio.AbstractEventLoop) -> str:
    """Return the tasks that were cancelled, or that stop something, and what the main thread does if there is none."""
    found = {it for task in asyncio.all_tasks(loop) if (it := _described(task))}
    return ", ".join(sorted(found)) or f"the main thread, in {_main_thread()}"


def _described(task: "asyncio.Task[Any]") -> str:
    codes = list(_codes(task.get_coro()))
    names = [code.co_qualname for code in codes]
    if not (task.cancelling() or _STOP in names) or _WAITING_FOR_OTHERS.intersection(names):
        return ""
    of_framework = [code for code in codes if code.co_qualname != _STOP] or codes
    own = [code for code in codes if not _FRAMEWORK.intersection(Path(code.co_filename).parts)]
    first = (own or of_framework)[0].co_qualname
    return first if first == names[-1] else f"{first} (in {names[-1]})"


def _codes(awaited: Any) -> Iterator[CodeType]:
    """Yield the function of a coroutine, that of what it awaits, and so on."""
    while awaited is not None:
        code = getattr(awaited, "cr_code", None) or getattr(awaited, "gi_code", None)
        if code is not None:
            yield code
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)


def _main_thread() -> str:
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001
    names: list[str] = []
    while frame is not None and len(names) < _FRAMES:
        names.append(frame.f_code.co_qualname)
        frame = frame.f_back
    return " < ".join(names)
