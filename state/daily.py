"""Daily counts: one row a day, in columns, so that a rolling window is a slice."""

from bisect import bisect_left

import msgspec

from state.steps import from_steps, in_steps


class Daily(msgspec.Struct, array_like=True, gc=False):
    """Counts by day, days ascending, only days on which something was counted.

    A column in which nothing was ever counted is empty or, at the end, missing: most customers never redeem a coupon.
    """

    days: list[int]
    columns: list[list[int]]

    def add(self, day: int, column: int, amount: int = 1) -> None:
        """Count ``amount`` on ``day``, which is seldom older than the newest day."""
        days = self.days
        row = len(days) - 1
        if row < 0 or days[row] != day:
            row = bisect_left(days, day)
            if row == len(days):
                days.append(day)
                for counts in self.columns:
                    if counts:
                        counts.append(0)
            elif days[row] != day:
                days.insert(row, day)
                for counts in self.columns:
                    if counts:
                        counts.insert(row, 0)
        while len(self.columns) <= column:
            self.columns.append([])
        counts = self.columns[column]
        if not counts:
            counts = self.columns[column] = [0] * len(days)
        counts[row] += amount

    def total(self, column: int, since: int) -> int:
        """The sum of a column from the day ``since`` on."""
        days, columns = self.days, self.columns
        if column >= len(columns) or not days or days[-1] < since:
            return 0
        return sum(columns[column][bisect_left(days, since) :])

    def forget(self, before: int) -> None:
        """Drop the days before ``before``: no window reaches them any more."""
        if self.days and self.days[0] < before:
            gone = bisect_left(self.days, before)
            del self.days[:gone]
            for counts in self.columns:
                del counts[:gone]

    def packed(self) -> "Daily":
        """The same with its days in steps, to be stored."""
        return Daily(in_steps(self.days), self.columns) if self.days else self

    def unpack(self) -> None:
        """Undo ``packed``, in place."""
        self.days = from_steps(self.days)


def nothing() -> Daily:
    """A table in which nothing was counted."""
    return Daily([], [])
