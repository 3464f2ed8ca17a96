"""Returns: of how many of the orders that were placed on a day money was given back."""

from bisect import bisect_left
from struct import pack, unpack

import msgspec

from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily
from state.customer.delta_coding import delta_decode, delta_encode

_PLACED, _RETURNED = range(2)


class Returns(msgspec.Struct, gc=False):
    """The orders placed on each day, and those of them of which money was given back.

    ``known`` are the days of the orders that can be refunded or cancelled, by number; of those in ``returned``, some
    money was given back.
    """

    daily: Daily
    known: dict[int, int]
    returned: set[int]

    def place(self, number: int, day: int, since: int) -> None:
        """Count an order; no window reaches behind ``since`` any more."""
        self.daily.drop_before(since)
        self.daily.add(day, _PLACED)
        self.known[number] = day
        self.returned.discard(number)

    def give_back(self, number: int) -> None:
        """Note that money was given back of an order."""
        day = self.known.get(number)
        if day is not None and number not in self.returned:
            self.returned.add(number)
            self.daily.add(day, _RETURNED)

    def cancel(self, number: int) -> None:
        """Take an order back."""
        day = self.known.pop(number, None)
        if day is None:
            return
        self.daily.add(day, _PLACED, -1)
        if number in self.returned:
            self.returned.remove(number)
            self.daily.add(day, _RETURNED, -1)
        row = bisect_left(self.daily.days, day)
        if not self.daily.columns[_PLACED][row]:
            self.daily.drop_row(row)

    def forget_orders(self, oldest: int, most: int) -> None:
        """Note that orders before a day, and all but the newest ``most``, can be changed no more."""
        known = self.known
        while known and (len(known) > most or next(iter(known.values())) < oldest):
            number = next(iter(known))
            del known[number]
            self.returned.discard(number)

    def placed_since(self, day: int) -> int:
        """Return the number of orders placed from a day on."""
        return self.daily.total(_PLACED, day)

    def returned_since(self, day: int) -> int:
        """Return of how many of these money was given back."""
        return self.daily.total(_RETURNED, day)

    def packed(self) -> "PackedReturns | None":
        """Return the returns as they are stored; None where there is nothing."""
        known = self.known
        if not self.daily.days and not known:
            return None
        rows = [row for row, number in enumerate(known) if number in self.returned]
        return PackedReturns(
            self.daily.packed(), pack(f">{len(known)}Q", *known), delta_encode([*known.values()]), rows
        )


class PackedReturns(msgspec.Struct, array_like=True, gc=False):
    """Returns as stored: numbers of orders of 8 bytes, their days as deltas, and the rows of those returned."""

    daily: PackedDaily | None
    numbers: bytes
    days: list[int]
    returned: list[int]


def no_returns() -> Returns:
    """Return the returns of a customer of whom none were counted."""
    return Returns(no_counts(), {}, set())


def unpack_returns(packed: PackedReturns | None) -> Returns:
    """Return the returns that were stored. Raises ``struct.error``."""
    if packed is None:
        return no_returns()
    numbers = unpack(f">{len(packed.numbers) // 8}Q", packed.numbers)
    known = dict(zip(numbers, delta_decode(packed.days), strict=True))
    return Returns(unpack_daily(packed.daily), known, {numbers[row] for row in packed.returned})
