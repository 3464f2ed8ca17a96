"""The clocks of an installation: which instant is now for who sends it events."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from streams.serve.problems import ProblemError
from streams.serve.stored_workers import StoredWorkers

Clock = Callable[[], Awaitable[datetime]]
_RETRY_SECONDS = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def wall_clock() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def stream_clock(workers: StoredWorkers | None) -> Clock:
    """Return a clock that is as late as the workers are; it raises ``ProblemError`` while none has told.

    ``workers`` is None without Redis, where they tell it.
    """

    async def now() -> datetime:
        upto = None if workers is None else await workers.upto()
        if upto is None:
            why = "no worker has told Redis how far the stream has come, which is now where LIFESTAGE_CLOCK is stream"
            mend = "send these events when one runs, or events of the past to /v1/import"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, f"{why}: {mend}", _RETRY_SECONDS)
        return _EPOCH + timedelta(milliseconds=upto)

    return now
