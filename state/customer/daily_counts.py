"""Daily counts: one row per day, in columns, so that a rolling window is a slice."""

from bisect import bisect_left
from itertools import accumulate
from operator import sub

import msgspec

_MOST_OF_A_BYTE = 255
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
        days = self.days
        row = -1 if days and days[-1] == day else self._row(day)
        try:
            self.columns[column][row] += amount
        except (IndexError, ValueError):  # nothing was counted in this column yet, or the sum fits no byte
            self._widen(column, amount)
            self.columns[column][row] += amount

    def _row(self, day: int) -> int:
        """Return the row of a day, which may be new."""
        days = self.days
        row = bisect_left(days, day)
        if row == len(days) or days[row] != day:
            days.insert(row, day)
            for counts in self.columns:
                if counts:
                    counts.insert(row, 0)
        return row

    def _widen(self, column: int, amount: int) -> None:
        """Make room in a column: for its first amount, or for a sum that fits no byte."""
        columns = self.columns
        while len(columns) <= column:
            columns.append(bytearray())
        is_first_and_fits = not columns[column] and 0 <= amount <= _MOST_OF_A_BYTE
        counts = columns[column] or bytearray(len(self.days))
        columns[column] = counts if is_first_and_fits else [*counts]

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
