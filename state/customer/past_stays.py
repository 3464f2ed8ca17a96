"""Past stays: what is remembered of a customer's stays in one stage or segment, or on one step, once they are over."""

import msgspec


class PastStays(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many stays in one place are over, how long they lasted together, when the last ended, and how long it was.

    Durations and the instant ``left`` are in ms.
    """

    times: int
    total_ms: int
    left: int
    last_ms: int

    @property
    def entered(self) -> int:
        """The instant at which the last one began."""
        return self.left - self.last_ms


def with_stay(past: PastStays | None, entered: int, left: int) -> PastStays:
    """Return the past stays in one place with one more."""
    lasted = left - entered
    if past is None:
        return PastStays(1, lasted, left, lasted)
    return PastStays(past.times + 1, past.total_ms + lasted, left, lasted)
