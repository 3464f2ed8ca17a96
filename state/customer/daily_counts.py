"""Daily counts: one row per day, in columns, so that a rolling window is a slice."""

from bisect import bisect_left
from itertools import accumulate
from operator import sub

import msgspec

Column = bytearray | list[int]
"""One number per day: bytes while all of them fit, since those are decoded and encoded ten times faster than a list."""


class Daily(msgspec.Struct, gc=False):
    """Counts by day; ``days`` ascend, and hold only days on which something was counted.

    A column without any count is empty or, at the end, missing: most customers never redeem a coupon.
    """

    days: list[int]
    columns: list[Column]

    def add(self, day: int, column: int, amount: int = 1) -> None:
        """Add ``amount`` to a column on ``day``, which is seldom older than the newest day."""
        days, columns = self.days, self.columns
        row = len(days) - 1
        if row < 0 or days[row] != day:
            row = bisect_left(days, day)
            if row == len(days):
                days.append(day)
                for counts in columns:
                    if counts:
                        counts.append(0)
            elif days[row] != day:
                days.insert(row, day)
                for counts in columns:
                    if counts:
                        counts.insert(row, 0)
        while len(columns) <= column:
            columns.append(bytearray())
        counts = columns[column]
        if not counts:
            counts = columns[column] = bytearray(len(days))
        try:
            counts[row] += amount
        except ValueError:
            counts = columns[column] = list(counts)
            counts[row] += amount

    def take(self, day: int, column: int, amount: int) -> None:
        """Take ``amount`` off a column on ``day``, unless that day was dropped."""
        if self.days and self.days[0] <= day:
            self.add(day, column, -amount)

    def total(self, column: int, since: int) -> int:
        """Return the sum of a column from the day ``since`` on."""
        days, columns = self.days, self.columns
        if column >= len(columns) or not days or days[-1] < since:
            return 0
        return sum(columns[column][bisect_left(days, since) :])

    def drop_before(self, day: int) -> None:
        """Drop the days before ``day``, which no window reaches any more."""
        if self.days and self.days[0] < day:
            gone = bisect_left(self.days, day)
            del self.days[:gone]
            if not self.days:
                self.columns.clear()
            for counts in self.columns:
                del counts[:gone]

    def drop_row(self, row: int) -> None:
        """Drop one day, of which nothing is left."""
        del self.days[row]
        if not self.days:
            self.columns.clear()
        for counts in self.columns:
            del counts[row : row + 1]

    def packed(self) -> "PackedDaily | None":
        """Return the counts as they are stored; None where nothing was counted."""
        days = self.days
        if not days:
            return None
        try:
            deltas: Column = bytearray(map(sub, days[1:], days))
        except ValueError:
            deltas = list(map(sub, days[1:], days))
        return PackedDaily(days[0], deltas, self.columns)


class PackedDaily(msgspec.Struct, array_like=True, gc=False):
    """Daily counts as stored: the first day, the distances from each day to the next, and the columns."""

    first: int
    deltas: Column
    columns: list[Column]


def unpack_daily(daily: PackedDaily | None) -> Daily:
    """Return the counts that were stored; they take over the columns."""
    if daily is None:
        return no_counts()
    return Daily(list(accumulate(daily.deltas, initial=daily.first)), daily.columns)


def no_counts() -> Daily:
    """Return counts in which nothing was counted."""
    return Daily([], [])
