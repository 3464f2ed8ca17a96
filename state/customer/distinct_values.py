"""Distinct values: how many a property had, of all its events and of the last days, up to a bound."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import accumulate
from operator import sub
from struct import pack, unpack
from typing import NamedTuple

import msgspec

from schemas.events import Scalar, Trait

MOST_VALUES = 1000
"""So many distinct values are counted: those that came last."""
_NO_DAY = -1


class Held(NamedTuple):
    """Values that can be undone: their hashes, the day, and whether they were counted on it."""

    values: Sequence[int]
    day: int
    by_day: bool


class DistinctValues(msgspec.Struct, gc=False):
    """The last day of each value that a property had, by the value's hash; the value that came last is the last one.

    Since days ascend as values do, the values of a window are the last ones. ``final`` are those of the events that can
    no longer be undone, where events can.
    """

    last: dict[int, int]
    final: dict[int, int]

    def add(self, values: Iterable[int], day: int, since: int, ever: bool) -> None:
        """Add the values of an event; unless they count for ``ever``, forget those before the day ``since``."""
        if not ever:
            _drop_before(self.last, since)
            _drop_before(self.final, since)
        _put(self.last, values, day if since <= day else _NO_DAY)

    def has_room(self, values: Sequence[int], since: int, ever: bool) -> bool:
        """Tell whether values can be added without that others are forgotten."""
        new = sum(it not in self.last for it in values)
        return not new or (self.count() if ever else self.count_since(since)) + new <= MOST_VALUES

    def make_final(self, values: Iterable[int], day: int, by_day: bool) -> None:
        """Note that values can no longer be undone."""
        _put(self.final, values, day if by_day else _NO_DAY)

    def find_again(self, undoable: Iterable[Held]) -> None:
        """Find the values again after some were taken back, given those that can be undone, in their order."""
        self.last = dict(self.final)
        for it in undoable:
            _put(self.last, it.values, it.day if it.by_day else _NO_DAY)

    def forget_days(self) -> None:
        """Forget on which day a value came."""
        self.last, self.final = dict.fromkeys(self.last, _NO_DAY), dict.fromkeys(self.final, _NO_DAY)

    def count(self) -> int:
        """Return how many values there are."""
        return len(self.last)

    def count_since(self, day: int) -> int:
        """Return how many values came from a day on."""
        return len(self.last) - bisect_left([*self.last.values()], day)

    def packed(self) -> "PackedValues":
        """Return the values as they are stored."""
        return PackedValues(_pack(self.last), _pack(self.final) if self.final else None)


class _PackedDays(msgspec.Struct, array_like=True, gc=False):
    """Values as stored: eight bytes each, the first day, and the distances from each day to the next."""

    values: bytes
    first: int
    deltas: bytes | list[int]


class PackedValues(msgspec.Struct, array_like=True, gc=False):
    """Distinct values as stored."""

    last: _PackedDays
    final: _PackedDays | None


def unpack_values(it: PackedValues) -> DistinctValues:
    """Return the values that were stored."""
    return DistinctValues(_unpack(it.last), {} if it.final is None else _unpack(it.final))


def no_values() -> DistinctValues:
    """Return the values of a property that had none."""
    return DistinctValues({}, {})


def hashes_of(value: Trait | None) -> list[int]:
    """Return the hashes of the values that a property has: one, each of a list, or none.

    They are 64 bits of BLAKE2b over the text, since values are only compared. A blank text is no value.
    """
    texts = tuple(value) if isinstance(value, tuple | dict) else (_text(value),)
    return [
        int.from_bytes(blake2b(it.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        for it in dict.fromkeys(texts)
        if it.strip()
    ]


def _text(value: Scalar | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)


def _put(days: dict[int, int], values: Iterable[int], day: int) -> None:
    for value in values:
        days.pop(value, None)
        days[value] = day
    while len(days) > MOST_VALUES:
        del days[next(iter(days))]


def _drop_before(days: dict[int, int], since: int) -> None:
    while days and days[first := next(iter(days))] < since:
        del days[first]


def _pack(days: dict[int, int]) -> _PackedDays:
    ascending = [*days.values()]
    distances = [*map(sub, ascending[1:], ascending)]
    small = max(distances, default=0) < 256
    values = pack(f"<{len(days)}Q", *days)
    return _PackedDays(values, ascending[0] if ascending else 0, bytes(distances) if small else distances)


def _unpack(it: _PackedDays) -> dict[int, int]:
    values = unpack(f"<{len(it.values) // 8}Q", it.values)
    return dict(zip(values, accumulate(it.deltas, initial=it.first), strict=False))
