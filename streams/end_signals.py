"""The signals that ask a worker to end, from its first line to its last.

As the first process of a container, a worker would not even die of a signal that it does not answer.
"""

import logging
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)


def end_when_asked() -> None:
    """Let the process end with exit code 0 when it is asked to: nothing has begun that must be ended in order."""
    _answer(_end)


def notice(asked: Callable[[], None]) -> None:
    """Call ``asked`` for each of these signals, beside the event loop that answers them, or after it.

    It is called even if the event loop hangs, and must be safe in a signal handler.
    """
    _answer(lambda number, frame: asked())


def tell(number: signal.Signals) -> None:
    """Log that a worker that has started was asked to end."""
    logger.info("%s: the worker ends", number.name)


def _answer(handler: Callable[[int, FrameType | None], Any]) -> None:
    for each in _SIGNALS:
        signal.signal(each, handler)


def _end(number: int, frame: FrameType | None) -> None:
    try:
        logger.info("%s before the worker has started: it ends", signal.Signals(number).name)
    finally:  # the signal may have come in the middle of another line of the log, which then refuses this one
        os._exit(0)
