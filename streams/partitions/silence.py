"""The silence of Kafka: how long it has not answered, told in the status and, every ten seconds, in the log."""

import logging
import time
from collections.abc import Callable

from streams.client_log import ERRORS, ClientErrors
from streams.partitions.status import WorkerStatus

logger = logging.getLogger(__name__)

_TELL_SECONDS = 10.0


class Silence:
    """Begins when it is made, and anew with each answer. ``clock`` is monotonic, in seconds."""

    def __init__(
        self,
        broker: str,
        status: WorkerStatus,
        clock: Callable[[], float] = time.monotonic,
        errors: ClientErrors = ERRORS,
    ) -> None:
        self._broker = broker
        self._status = status
        self._clock = clock
        self._errors = errors
        self._since = clock()
        self._told: float | None = None
        self._has_answered = False

    def ended(self) -> None:
        """Note an answer."""
        if self._status.silence:
            logger.warning("Kafka at %s answers again after %.0f s", self._broker, self._clock() - self._since)
        self._errors.lately()
        self._status.silence = ""
        self._since, self._told, self._has_answered = self._clock(), None, True

    def lasts(self, error: BaseException) -> float:
        """Note that Kafka did not answer, and why; return for how many seconds it has not."""
        now = self._clock()
        seconds = now - self._since
        why = str(error) or type(error).__name__
        if self._has_answered:
            self._status.silence = f"Kafka at {self._broker} has not answered for {seconds:.0f} s ({why})"
        else:
            told = f"no Kafka at {self._broker} after {seconds:.0f} s ({why})"
            self._status.silence = f"{told}, trying again; LIFESTAGE_BROKER says where it is"
        if self._told is None or now - self._told >= _TELL_SECONDS:
            self._told = now
            logger.warning("%s", "; ".join(it for it in (self._status.silence, self._errors.lately()) if it))
        return seconds
