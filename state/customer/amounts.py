"""Amounts: what the numbers of one property of events add up to, in millionths."""

import msgspec

from state.customer.daily_counts import Daily, PackedDaily, unpack_daily

COUNT, SUM = range(2)
_MOST_SIZE = 9 * 10**18
_NEVER = -1


class Amounts(msgspec.Struct, gc=False):
    """The numbers of one property, in millionths: how many, their sum, the last of them, and count and sum by day.

    ``size`` is the sum of their sizes, which is bounded, so that no sum is beyond 64 bits. ``last_at`` is the instant
    of the last one's event. ``final_at`` and ``final`` are those of the last that can no longer be undone, if any.
    """

    daily: Daily
    count: int = 0
    total: int = 0
    size: int = 0
    last_at: int = _NEVER
    last: int = 0
    final_at: int = _NEVER
    final: int = 0

    def has_room(self, size: int) -> bool:
        """Tell whether a number of that size can be added within the bound of all sizes together."""
        return self.size + size <= _MOST_SIZE

    def add(self, number: int, at: int, day: int, since: int) -> None:
        """Add a number."""
        self.count += 1
        self.total += number
        self.size += abs(number)
        if at >= self.last_at:
            self.last_at, self.last = at, number
        self.daily.drop_before(since)
        if since <= day:
            self.daily.add(day, COUNT)
            self.daily.add(day, SUM, number)

    def take(self, number: int, day: int, by_day: bool) -> None:
        """Take a number back; ``Occurrences.find_again`` finds the last one again."""
        self.count -= 1
        self.total -= number
        self.size -= abs(number)
        if by_day:
            self.daily.take(day, COUNT, 1)
            self.daily.take(day, SUM, number)

    def packed(self) -> "PackedAmounts":
        """Return the numbers as they are stored."""
        daily = self.daily.packed()
        return PackedAmounts(
            daily, self.count, self.total, self.size, self.last_at, self.last, self.final_at, self.final
        )


class PackedAmounts(msgspec.Struct, array_like=True, gc=False):
    """The numbers of a property as stored."""

    daily: PackedDaily | None
    count: int
    total: int
    size: int
    last_at: int
    last: int
    final_at: int
    final: int


def unpack_amounts(it: PackedAmounts) -> Amounts:
    """Return the numbers that were stored."""
    return Amounts(unpack_daily(it.daily), it.count, it.total, it.size, it.last_at, it.last, it.final_at, it.final)
