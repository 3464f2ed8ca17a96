"""Activity: how often and when events happened, of those that the policy's conditions count."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily


class CountedEvent(NamedTuple):
    """An event that conditions count: what its spellings share, and the days of the longest window (0: none)."""

    key: str
    window_days: int = 0


class Occurrences(msgspec.Struct, gc=False):
    """How often an event happened, the instants of the first and the last time, and how often on which day."""

    count: int
    first: int
    last: int
    daily: Daily


class Activity(msgspec.Struct, gc=False):
    """The occurrences of events, by their keys (see ``CountedEvent``)."""

    events: dict[str, Occurrences]

    def add(self, event: str, at: int, day: int, since: int) -> None:
        """Count an event; ``since`` is the first day that a window reaches, later than ``day`` if none does."""
        found = self.events.get(event)
        if found is None:
            found = self.events[event] = Occurrences(0, at, at, no_counts())
        found.count += 1
        found.last = at
        found.daily.drop_before(since)
        if day >= since:
            found.daily.add(day, 0)

    def keep(self, events: Collection[str]) -> None:
        """Forget all events but these."""
        for event in self.events.keys() - set(events):
            del self.events[event]

    def count(self, event: str) -> int:
        """Return how often an event happened."""
        return found.count if (found := self.events.get(event)) else 0

    def count_since(self, event: str, day: int) -> int:
        """Return how often an event happened from a day on."""
        return found.daily.total(0, day) if (found := self.events.get(event)) else 0

    def first(self, event: str) -> int | None:
        """Return the instant at which an event happened first, or None."""
        return found.first if (found := self.events.get(event)) else None

    def last(self, event: str) -> int | None:
        """Return the instant at which an event happened last, or None."""
        return found.last if (found := self.events.get(event)) else None

    def days(self) -> Iterator[list[int]]:
        """Yield the days on which each event happened, ascending."""
        for found in self.events.values():
            yield found.daily.days

    def packed(self) -> bytes:
        """Return the bytes; none where no event happened."""
        if not self.events:
            return b""
        return _encode(
            {event: _Packed(it.count, it.first, it.last, it.daily.packed()) for event, it in self.events.items()}
        )

    @staticmethod
    def unpacked(packed: bytes) -> "Activity":
        """Return what the bytes hold. Raises ``msgspec.DecodeError``."""
        if not packed:
            return Activity({})
        return Activity(
            {
                event: Occurrences(it.count, it.first, it.last, unpack_daily(it.daily))
                for event, it in _decode(packed).items()
            }
        )


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """The occurrences of an event as stored."""

    count: int
    first: int
    last: int
    daily: PackedDaily | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, _Packed]).decode
