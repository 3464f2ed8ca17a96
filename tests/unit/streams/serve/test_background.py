"""What runs beside the requests goes on whatever happens to it, and ends when it is cancelled."""

import asyncio
from collections.abc import Callable

import pytest

from streams.serve.background import keep_running


def _cancelled_from_within() -> None:
    raise asyncio.CancelledError


def _failed() -> None:
    raise RuntimeError


@pytest.mark.parametrize("first", [_cancelled_from_within, _failed, lambda: None])
async def test_what_ends_is_begun_again(first: Callable[[], None]) -> None:
    begun = 0
    again = asyncio.Event()

    async def run() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            first()
            return
        again.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(keep_running(run, pause=0.0))
    await again.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert begun == 2
