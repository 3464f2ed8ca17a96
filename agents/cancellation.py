"""Cancellations that get lost: before Python 3.12, ``asyncio.wait_for`` drops one that comes together with an answer.

The client of Redis waits so for every command. Whoever cancelled would wait for ever.
"""

import asyncio


def raise_if_cancelled() -> None:
    """Raise the cancellation of this task if it was asked for, whoever has swallowed it since."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
