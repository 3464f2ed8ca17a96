"""Activity: how often and when events happened, and what their properties added up to, as far as conditions ask."""

from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

import msgspec

from schemas.events import Scalar
from state.customer.daily_counts import Daily, PackedDaily, no_counts, unpack_daily

MILLION = 1_000_000
_MOST = 10**12
_COUNT, _SUM = range(2)


class CountedEvents(NamedTuple):
    """The events of one name that conditions count, or those of them whose properties a filter ``accepts``.

    ``key`` is what identifies them in the activity, ``window_days`` the days of the longest window (0: none), and
    ``numbers`` are the properties that are added up.
    """

    key: str
    window_days: int = 0
    accepts: Callable[[Mapping[str, Scalar]], bool] | None = None
    numbers: tuple[str, ...] = ()


class Amounts(msgspec.Struct, gc=False):
    """The numbers of one property, in millionths: how many, their sum, the last of them, and count and sum by day."""

    count: int
    total: int
    last: int
    daily: Daily


class Occurrences(msgspec.Struct, gc=False):
    """How often events happened, the instants of the first and the last, how often on which day, and their numbers."""

    count: int
    first: int
    last: int
    daily: Daily
    amounts: dict[str, Amounts]


class Activity(msgspec.Struct, gc=False):
    """The occurrences of events, by the keys of ``CountedEvents``."""

    events: dict[str, Occurrences]

    def add(self, counted: CountedEvents, at: int, day: int, properties: Mapping[str, Scalar]) -> None:
        """Count an event."""
        found = self.events.get(counted.key)
        if found is None:
            found = self.events[counted.key] = Occurrences(0, at, at, no_counts(), {})
        found.count += 1
        found.last = at
        since = day - counted.window_days + 1
        _add_on_day(found.daily, day, since, (1,))
        for name in counted.numbers:
            number = millionths(properties.get(name))
            if number is not None:
                _add_amount(found.amounts, name, number, day, since)

    def keep(self, keys: Collection[str]) -> None:
        """Forget all events but these."""
        for key in self.events.keys() - set(keys):
            del self.events[key]

    def count(self, key: str) -> int:
        """Return how often events happened."""
        return found.count if (found := self.events.get(key)) else 0

    def count_since(self, key: str, day: int) -> int:
        """Return how often events happened from a day on."""
        return found.daily.total(_COUNT, day) if (found := self.events.get(key)) else 0

    def first(self, key: str) -> int | None:
        """Return the instant of the first event, or None."""
        return found.first if (found := self.events.get(key)) else None

    def last(self, key: str) -> int | None:
        """Return the instant of the last event, or None."""
        return found.last if (found := self.events.get(key)) else None

    def numbers(self, key: str, name: str) -> int:
        """Return how many events had a number as this property."""
        return found.count if (found := self._amounts(key, name)) else 0

    def numbers_since(self, key: str, name: str, day: int) -> int:
        """Return how many events had a number as this property from a day on."""
        return found.daily.total(_COUNT, day) if (found := self._amounts(key, name)) else 0

    def total(self, key: str, name: str) -> int:
        """Return the sum of a property, in millionths."""
        return found.total if (found := self._amounts(key, name)) else 0

    def total_since(self, key: str, name: str, day: int) -> int:
        """Return the sum of a property from a day on, in millionths."""
        return found.daily.total(_SUM, day) if (found := self._amounts(key, name)) else 0

    def last_number(self, key: str, name: str) -> int | None:
        """Return the last number that was this property, in millionths, or None."""
        return found.last if (found := self._amounts(key, name)) else None

    def days(self) -> Iterator[list[int]]:
        """Yield the days of each event, ascending."""
        for found in self.events.values():
            yield found.daily.days

    def _amounts(self, key: str, name: str) -> Amounts | None:
        return found.amounts.get(name) if (found := self.events.get(key)) else None

    def packed(self) -> bytes:
        """Return the bytes; none where no event happened."""
        return _encode({key: _packed(it) for key, it in self.events.items()}) if self.events else b""

    @staticmethod
    def unpacked(packed: bytes) -> "Activity":
        """Return what the bytes hold. Raises ``msgspec.DecodeError``."""
        return Activity({key: _unpacked(it) for key, it in _decode(packed).items()} if packed else {})


def millionths(value: Scalar | None) -> int | None:
    """Return a number in millionths, rounded half to even; None for what is no number, or one beyond 1e12."""
    if value is None or isinstance(value, str | bool) or not -_MOST <= value <= _MOST:
        return None
    return int((Decimal(repr(value)) * MILLION).to_integral_value(ROUND_HALF_EVEN))


def _add_amount(amounts: dict[str, Amounts], name: str, number: int, day: int, since: int) -> None:
    found = amounts.get(name)
    if found is None:
        found = amounts[name] = Amounts(0, 0, 0, no_counts())
    found.count += 1
    found.total += number
    found.last = number
    _add_on_day(found.daily, day, since, (1, number))


def _add_on_day(daily: Daily, day: int, since: int, amounts: tuple[int, ...]) -> None:
    daily.drop_before(since)
    if since <= day:
        for column, amount in enumerate(amounts):
            daily.add(day, column, amount)


class _PackedAmounts(msgspec.Struct, array_like=True, gc=False):
    """The numbers of a property as stored."""

    count: int
    total: int
    last: int
    daily: PackedDaily | None


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """The occurrences of events as stored."""

    count: int
    first: int
    last: int
    daily: PackedDaily | None
    amounts: dict[str, _PackedAmounts]


def _packed(it: Occurrences) -> _Packed:
    amounts = {
        name: _PackedAmounts(each.count, each.total, each.last, each.daily.packed())
        for name, each in it.amounts.items()
    }
    return _Packed(it.count, it.first, it.last, it.daily.packed(), amounts)


def _unpacked(it: _Packed) -> Occurrences:
    amounts = {
        name: Amounts(each.count, each.total, each.last, unpack_daily(each.daily)) for name, each in it.amounts.items()
    }
    return Occurrences(it.count, it.first, it.last, unpack_daily(it.daily), amounts)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, _Packed]).decode
