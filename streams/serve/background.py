"""The background: what runs as long as the application does, beside the requests."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from aiohttp.web import Application

Run = Callable[[], Coroutine[Any, Any, None]]
_AGAIN_SECONDS = 1.0
_END_SECONDS = 5.0
_CANCEL_SECONDS = 0.2

logger = logging.getLogger(__name__)


def run_with(app: Application, *runs: Run) -> None:
    """Run all of these from the start of an application to its end; what ends before that is begun again."""

    async def running(_app: Application) -> AsyncIterator[None]:
        tasks = {asyncio.create_task(keep_running(run)) for run in runs}
        yield
        await _end(tasks)

    app.cleanup_ctx.append(running)


async def keep_running(run: Run, pause: float = _AGAIN_SECONDS) -> None:
    """Run this again and again, with so many seconds in between, until cancelled."""
    task = asyncio.current_task()
    while True:
        try:
            await run()
        except asyncio.CancelledError:
            # A client may also pass on that something of its own was cancelled, and nothing is to end then.
            if task is None or task.cancelling():
                raise
            logger.warning("what runs beside the requests was cancelled from within, and begins again")
        except Exception:
            logger.exception("what runs beside the requests failed, and begins again")
        await asyncio.sleep(pause)


async def _end(pending: set[asyncio.Task[None]]) -> None:
    """Cancel tasks until they end: a client of Kafka that is just being connected may keep a cancellation to itself."""
    deadline = time.monotonic() + _END_SECONDS
    while pending and time.monotonic() < deadline:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_SECONDS)
