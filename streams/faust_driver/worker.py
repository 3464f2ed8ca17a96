"""Faust's worker, whose end has a limit."""

import signal
from functools import partial
from typing import Any

import faust

from streams.end_limit import EndLimit
from streams.end_signals import notice, tell
from streams.fatal import EXIT_CODE
from streams.faust_driver.app import BatchApp
from streams.stacks import show_tasks
from streams.unfinished import unfinished


class LimitedWorker(faust.Worker):
    """A worker that ends in order, and otherwise at once: after a signal with exit code 0, after a crash with 70.

    Its pages are closed last, so that it is seen to live while it ends.
    """

    app: BatchApp

    def __init__(self, app: BatchApp, **options: Any) -> None:
        super().__init__(app, **options)
        self.spinner = None  # it would write a terminal's escapes between the lines of the log
        self._limit = EndLimit(lambda: unfinished(self.loop))

    def install_signal_handlers(self) -> None:
        """Let the event loop answer the signals that ask for the end, and the limit count from them.

        SIGUSR1 asks for the stacks: Faust would write those of its main thread, if its loop goes round.
        """
        super().install_signal_handlers()
        show_tasks(self.loop)
        # The event loop learns of a signal through a socket, whatever else answers it.
        self.count_when_asked()

    def count_when_asked(self) -> None:
        """Let the limit count from the next signal on; the exit code of a worker that ends before stays its own."""
        notice(partial(self._limit.begin, 0))

    def _schedule_shutdown(self, signal: signal.Signals) -> None:
        tell(signal)
        super()._schedule_shutdown(signal)

    def on_worker_shutdown(self) -> None:
        """Let the limit count also for a worker that ends unasked."""
        self._limit.begin(EXIT_CODE if self.crashed else 0)
        super().on_worker_shutdown()

    async def on_shutdown(self) -> None:
        """Close the pages."""
        await self.app.pages.close()
        await super().on_shutdown()
