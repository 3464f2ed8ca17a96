"""Stored tallies: the bytes of what fell to which value, with each value named once."""

from collections.abc import Mapping
from struct import pack, unpack

import msgspec

from state.customer.daily_counts import PackedDaily, unpack_daily
from state.customer.delta_coding import delta_decode, delta_encode
from state.customer.tallies import Gave, Tallies, Tally, no_tallies


class PackedTally(msgspec.Struct, array_like=True, gc=False):
    """A tally as stored: values with their days, and what orders gave, by row.

    What an order gave is the whole, and pairs of the place of a value among ``values`` and what it got.
    """

    whole: PackedDaily | None
    values: dict[str, PackedDaily | None]
    given: dict[int, list[int]]


class PackedTallies(msgspec.Struct, array_like=True, gc=False):
    """Tallies as stored: numbers of orders of 8 bytes, and their days as deltas."""

    by_key: dict[int, PackedTally]
    numbers: bytes
    days: list[int]


def pack_tallies(tallies: Tallies) -> PackedTallies | None:
    """Return tallies as they are stored; None where there is nothing."""
    orders = tallies.orders
    if not tallies.by_key and not orders:
        return None
    rows = {number: row for row, number in enumerate(orders)}
    by_key = {key: _packed_tally(it, rows) for key, it in tallies.by_key.items()}
    return PackedTallies(by_key, pack(f">{len(rows)}Q", *rows), delta_encode([*orders.values()]))


def unpack_tallies(packed: PackedTallies | None) -> Tallies:
    """Return the tallies that were stored. Raises ``struct.error``."""
    if packed is None:
        return no_tallies()
    numbers = unpack(f">{len(packed.numbers) // 8}Q", packed.numbers)
    by_key = {key: _unpacked_tally(it, numbers) for key, it in packed.by_key.items()}
    return Tallies(by_key, dict(zip(numbers, delta_decode(packed.days), strict=True)))


def _packed_tally(tally: Tally, rows: Mapping[int, int]) -> PackedTally:
    places = {value: place for place, value in enumerate(tally.values)}
    given = {
        rows[number]: [gave.whole, *(part for value, weight in gave.values.items() for part in (places[value], weight))]
        for number, gave in tally.given.items()
    }
    return PackedTally(tally.whole.packed(), {value: it.packed() for value, it in tally.values.items()}, given)


def _unpacked_tally(packed: PackedTally, numbers: tuple[int, ...]) -> Tally:
    names = [*packed.values]
    given = {
        numbers[row]: Gave(it[0], {names[place]: weight for place, weight in zip(it[1::2], it[2::2], strict=True)})
        for row, it in packed.given.items()
    }
    values = {value: unpack_daily(it) for value, it in packed.values.items()}
    return Tally(unpack_daily(packed.whole), values, given)
