"""The background: what runs as long as the application does, beside the requests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from aiohttp.web import Application

Run = Callable[[], Coroutine[Any, Any, None]]


def run_with(app: Application, *runs: Run) -> None:
    """Run all of these from the start of an application to its end."""

    async def running(_app: Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(run()) for run in runs]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app.cleanup_ctx.append(running)
