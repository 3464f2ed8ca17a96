"""Undone orders: the ids of orders that were cancelled or refunded in full, which stay undone when sent again."""

from itertools import islice
from struct import pack, unpack

import msgspec

from schemas.events import OrderCompleted
from state.customer.delta_coding import delta_decode, delta_encode


class UndoneOrders(msgspec.Struct, gc=False):
    """The days on which orders were undone, by id (see ``order_number``), oldest first."""

    days: dict[int, int]

    def knows(self, number: int, oldest: int = 0) -> bool:
        """Tell whether an order was undone on the day ``oldest`` or later."""
        return number in self.days and self.days[number] >= oldest

    def add(self, number: int, day: int, most: int) -> None:
        """Remember that an order was undone; beyond ``most``, the oldest is dropped."""
        self.days[number] = day
        if len(self.days) > most:
            del self.days[next(iter(self.days))]

    def lets_place(self, number: int, order: OrderCompleted) -> bool:
        """Tell whether an order may be placed: one that was undone only as a new one by its own word."""
        if number not in self.days:
            return True
        if order.details is None or not order.details.reinstated:
            return False
        del self.days[number]
        return True

    def drop_before(self, day: int) -> None:
        """Drop what was undone before a day."""
        days = self.days
        if days and next(iter(days.values())) < day:
            for number in list(islice(days, sum(it < day for it in days.values()))):
                del days[number]

    def packed(self) -> "PackedUndone | None":
        """Return the orders as they are stored; None where there are none."""
        days = self.days
        return PackedUndone(pack(f">{len(days)}Q", *days), delta_encode(list(days.values()))) if days else None


class PackedUndone(msgspec.Struct, array_like=True, gc=False):
    """Undone orders as stored: ids of 8 bytes, days as deltas."""

    ids: bytes
    days: list[int]


def unpack_undone(packed: PackedUndone | None) -> UndoneOrders:
    """Return the orders that were stored. Raises ``struct.error``."""
    if packed is None:
        return UndoneOrders({})
    return UndoneOrders(
        dict(zip(unpack(f">{len(packed.ids) // 8}Q", packed.ids), delta_decode(packed.days), strict=False))
    )
