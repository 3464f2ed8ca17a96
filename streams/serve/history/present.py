"""The present of an installation: the clock's, or how far the stream has come."""

from collections.abc import Callable
from http import HTTPStatus

from state.calendar import Calendar
from streams.serve.history.transition_log import TransitionLog
from streams.serve.problems import ProblemError
from streams.serve.stored_workers import StoredWorkers


class Present:
    """The present. ``now`` returns it; None where the clock is the stream: then it is as late as the workers are."""

    def __init__(
        self,
        now: Callable[[], int] | None,
        log: TransitionLog,
        workers: StoredWorkers,
        calendar: Callable[[], Calendar],
    ) -> None:
        self._now = now
        self._log = log
        self._workers = workers
        self._calendar = calendar

    async def at(self) -> int:
        """Return the present instant (ms since 1970). Raises ``ProblemError`` if nobody has told it."""
        if self._now is not None:
            return self._now()
        reached = [it for it in (self._log.latest, await self._workers.upto()) if it is not None]
        if not reached:
            detail = "no worker has told how far the stream has come: ask again when one runs"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, 1)
        return max(reached)

    def of_customer(self, at: int, upto: int) -> int:
        """Return the present of a customer who was decided last at ``at``, and stored at ``upto``."""
        return max(at, upto if self._now is None else self._now())

    def day(self, at: int) -> int:
        """Return the day in which an instant lies, numbered from 1970-01-01 = 0 in the policy's zone."""
        return self._calendar().day_of(at)
