"""The greatest numbers of one property: of all its events, and of each day, in millionths."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from state.customer.delta_coding import delta_decode, delta_encode

_NO_DAY = -1


class Standing(NamedTuple):
    """A number that can be undone: its day, and whether it was counted on it."""

    number: int
    day: int
    by_day: bool


class Greatest(msgspec.Struct, gc=False):
    """The greatest number (None: there is none), and the greatest of each day within the longest window.

    The smallest number is the opposite of the greatest of the opposites. ``final`` is the greatest of those that can no
    longer be undone, if there is one; ``final_of_day`` that of the last day that has one.
    """

    days: list[int]
    numbers: list[int]
    most: int | None = None
    final: int | None = None
    final_day: int = _NO_DAY
    final_of_day: int = 0

    def add(self, number: int, day: int, since: int) -> None:
        """Add a number; ``since`` is the first day of the longest window, after ``day`` if there is none."""
        self.most = number if self.most is None else max(self.most, number)
        gone = bisect_left(self.days, since)
        del self.days[:gone], self.numbers[:gone]
        if since <= day:
            row = bisect_left(self.days, day)
            if row == len(self.days) or self.days[row] != day:
                self.days.insert(row, day)
                self.numbers.insert(row, number)
            elif self.numbers[row] < number:
                self.numbers[row] = number

    def make_final(self, number: int, day: int, by_day: bool) -> None:
        """Note that a number can no longer be undone."""
        self.final = number if self.final is None else max(self.final, number)
        if by_day:
            self.final_of_day = max(self.final_of_day, number) if day == self.final_day else number
            self.final_day = day

    def find_again(self, day: int, undoable: Sequence[Standing]) -> None:
        """Find the greatest numbers again after one of a day was taken back, given those that can be undone."""
        final = () if self.final is None else (self.final,)
        self.most = max((*final, *(it.number for it in undoable)), default=None)
        row = bisect_left(self.days, day)
        if row < len(self.days) and self.days[row] == day:
            of_day = [it.number for it in undoable if it.day == day and it.by_day]
            if self.final_day == day:
                of_day.append(self.final_of_day)
            if of_day:
                self.numbers[row] = max(of_day)
            else:
                del self.days[row], self.numbers[row]

    def forget_days(self) -> None:
        """Forget which number was of which day."""
        self.days, self.numbers, self.final_day, self.final_of_day = [], [], _NO_DAY, 0

    def between(self, first: int, end: int | None) -> int | None:
        """Return the greatest number from one day on and before another; None where there is none."""
        numbers = self.numbers[bisect_left(self.days, first) : None if end is None else bisect_left(self.days, end)]
        return max(numbers, default=None)

    def packed(self) -> "PackedGreatest":
        """Return the numbers as they are stored."""
        days = delta_encode(self.days)
        return PackedGreatest(days, self.numbers, self.most, self.final, self.final_day, self.final_of_day)


class PackedGreatest(msgspec.Struct, array_like=True, gc=False):
    """The greatest numbers as stored, the days as the distances between them."""

    days: list[int]
    numbers: list[int]
    most: int | None
    final: int | None
    final_day: int
    final_of_day: int


def unpack_greatest(it: PackedGreatest) -> Greatest:
    """Return the numbers that were stored."""
    return Greatest(delta_decode(it.days), it.numbers, it.most, it.final, it.final_day, it.final_of_day)


def no_numbers() -> Greatest:
    """Return the greatest numbers of a property that had none."""
    return Greatest([], [])
