"""The background: what runs as long as the application does, beside the requests."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from aiohttp.web import Application

Run = Callable[[], Coroutine[Any, Any, None]]
_END_SECONDS = 5.0
_CANCEL_SECONDS = 0.2


def run_with(app: Application, *runs: Run) -> None:
    """Run all of these from the start of an application to its end."""

    async def running(_app: Application) -> AsyncIterator[None]:
        tasks = {asyncio.create_task(run()) for run in runs}
        yield
        await _end(tasks)

    app.cleanup_ctx.append(running)


async def _end(pending: set[asyncio.Task[None]]) -> None:
    """Cancel tasks until they end: a client of Kafka that is just being connected may keep a cancellation to itself."""
    deadline = time.monotonic() + _END_SECONDS
    while pending and time.monotonic() < deadline:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_SECONDS)
