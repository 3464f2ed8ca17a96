"""Faust's worker, whose end has a limit."""

from functools import partial
from typing import Any

import faust

from streams.end_limit import EndLimit
from streams.end_signals import notice
from streams.fatal import EXIT_CODE
from streams.unfinished import unfinished


class LimitedWorker(faust.Worker):
    """A worker that ends in order, and otherwise at once: after a signal with exit code 0, after a crash with 70."""

    def __init__(self, app: faust.App, **options: Any) -> None:
        super().__init__(app, **options)
        self._limit = EndLimit(lambda: unfinished(self.loop))

    def install_signal_handlers(self) -> None:
        """Let the event loop answer the signals that ask for the end, and the limit count from them."""
        super().install_signal_handlers()
        # The event loop learns of a signal through a socket, whatever else answers it.
        self.count_when_asked()

    def count_when_asked(self) -> None:
        """Let the limit count from the next signal on; the exit code of a worker that ends before stays its own."""
        notice(partial(self._limit.begin, 0))

    def on_worker_shutdown(self) -> None:
        """Let the limit count also for a worker that ends unasked."""
        self._limit.begin(EXIT_CODE if self.crashed else 0)
        super().on_worker_shutdown()
