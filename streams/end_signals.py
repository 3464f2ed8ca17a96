"""The signals that ask a worker to end, while nothing else answers them: before it has started, and once it is through.

In between, Faust's worker answers them and ends in order. As the first process of a container, a worker would not even
die of a signal that it does not answer.
"""

import logging
import os
import signal
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)


def end_when_asked() -> None:
    """Let the process end with exit code 0 when it is asked to: nothing has begun that must be ended in order."""
    for each in _SIGNALS:
        signal.signal(each, _end)


def end_anyway() -> None:
    """Let these signals be: the process is ending already, with its own exit code."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)


def _end(number: int, frame: FrameType | None) -> None:
    try:
        logger.info("%s before the worker has started: it ends", signal.Signals(number).name)
    finally:  # the signal may have come in the middle of another line of the log, which then refuses this one
        os._exit(0)
