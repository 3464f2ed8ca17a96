"""The limit of an end: a process that is asked to end does so within seconds, whoever does not answer it."""

import logging
import os
import time
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

SECONDS = 6.0
_TELL_SECONDS = 1.0

logger = logging.getLogger(__name__)


class EndLimit:
    """Ends the process at once if it has not ended ``SECONDS`` after ``begin``, and logs what ``unfinished`` returns.

    It counts in a thread of its own, as the event loop may be what hangs.
    """

    def __init__(self, unfinished: Callable[[], str]) -> None:
        self._unfinished = unfinished
        # The one queue that a signal handler may put into, even while it interrupts itself there.
        self._codes: SimpleQueue[int] = SimpleQueue()
        Thread(target=self._wait, name="end limit", daemon=True).start()

    def begin(self, code: int) -> None:
        """Count from now on; ``code`` is the exit code if the limit is reached. Only the first call counts."""
        self._codes.put(code)

    def _wait(self) -> None:
        code = self._codes.get()
        time.sleep(SECONDS)
        # A log that nobody reads any more can block whoever writes it, and the lock of its handler everybody else.
        telling = Thread(target=self._tell, daemon=True)
        telling.start()
        telling.join(_TELL_SECONDS)
        os._exit(code)

    def _tell(self) -> None:
        logger.warning(
            "not ended %.0f s after it was to end, it ends at once without waiting for %s; "
            "what is not committed is read again",
            SECONDS,
            self._unfinished(),
        )
