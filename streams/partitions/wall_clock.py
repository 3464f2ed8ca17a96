"""The wall clock of this machine against that of Kafka: what a wrong clock has decided is never committed.

A broker stamps the records of the changelog itself (``message.timestamp.type=LogAppendTime``) and answers with the
stamp before the transaction commits. So each batch is compared with the clock of another machine, the first one after
a start too. A machine that was suspended needs no exception: its clock jumps to what the broker's says as well.
"""

import asyncio
import time
from collections.abc import Callable

from schemas import instant

MAX_OFF_MS = 60_000
"""How far this machine's clock and the broker's may be apart."""
_ASK_AGAIN_SECONDS = 60.0
_LOOK_SECONDS = 0.5


class WrongClockError(Exception):
    """A batch that must not be committed: this machine's clock is too far from the broker's to decide by it."""

    def __init__(self, why: str, broker_time: int) -> None:
        super().__init__(why)
        self.broker_time = broker_time
        """The broker's clock when it answered, in ms since 1970."""
        self._told = time.monotonic()

    def broker_now(self) -> int:
        """Return what the broker's clock shows now, as far as this process can count (ms since 1970)."""
        return self.broker_time + int((time.monotonic() - self._told) * 1000)


def wall_clock() -> int:
    """Return what this machine's clock shows, in ms since 1970."""
    return time.time_ns() // 1_000_000


def check(before: int, upto: int, broker_time: int, now: int) -> None:
    """Raise ``WrongClockError`` if a batch was decided by a wrong clock; all instants are in ms since 1970.

    ``before`` is the ``upto`` of the last commit: a batch that does not go beyond it adds no mistake. ``now`` is this
    machine's clock after the broker's answer. It counts as well: a jump ahead is in no ``upto`` as long as nobody knows
    which policy would be in force then, and what is told of an idle partition goes by the clock.
    """
    ahead = max(upto, now) if upto > before else now
    if ahead - broker_time > MAX_OFF_MS:
        raise WrongClockError(_told(ahead, broker_time, f"{_seconds(ahead - broker_time)} ahead of"), broker_time)
    if broker_time - now > MAX_OFF_MS:
        raise WrongClockError(_told(now, broker_time, f"{_seconds(broker_time - now)} behind"), broker_time)


async def until_right(error: WrongClockError, clock: Callable[[], int] = wall_clock) -> None:
    """Wait until this machine's clock is near the broker's, or until it is time to ask the broker again.

    The broker's may have been the wrong one, and a process that was suspended does not know how long.
    """
    ends = time.monotonic() + _ASK_AGAIN_SECONDS
    while time.monotonic() < ends and abs(clock() - error.broker_now()) > MAX_OFF_MS:
        await asyncio.sleep(_LOOK_SECONDS)


def _told(ours: int, broker_time: int, distance: str) -> str:
    return (
        f"this machine's clock is {distance} the broker's ({instant.to_text(ours)}, and {instant.to_text(broker_time)} "
        "there): nothing is committed by it; set it right (timedatectl, chronyc tracking), and this goes on by itself"
    )


def _seconds(ms: int) -> str:
    return f"{ms / 1000:,.0f} s"
