"""Waiting for a condition instead of a time. The time-out is for a condition that never holds, not for speed."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE = 120.0
"""Seconds; what takes a moment here may take a minute on a machine that has other things to do."""
_LOOK_SECONDS = 0.02


def wait_until(holds: Callable[[], object], seconds: float = PATIENCE, what: object = "it") -> None:
    """Return once the condition holds; fail with ``what`` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{_described(what)} did not come within {seconds:.0f} s"
        time.sleep(_LOOK_SECONDS)


async def until(holds: Callable[[], Awaitable[object]], seconds: float = PATIENCE, what: object = "it") -> None:
    """Return once the condition holds; fail with ``what`` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, f"{_described(what)} did not come within {seconds:.0f} s"
        await asyncio.sleep(_LOOK_SECONDS)


def _described(what: object) -> object:
    return what() if callable(what) else what
