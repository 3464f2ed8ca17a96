"""Roll-offs: the midnights at which days leave the window of a feature, found among the days that it reads."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from state.calendar import Calendar
from state.conditions.features import Feature, Instants
from state.customer.customer import Customer
from state.customer.engagement import COLUMN_PARTS
from state.customer.parts import ORDERS, SUPPORT, VISITS

_Days = Callable[[Customer], Iterable[Sequence[int]]]
"""Returns days of a customer, several times ascending."""
_BROWSING = VISITS | sum(COLUMN_PARTS)


class RollOffs:
    """The roll-offs in a calendar."""

    def __init__(self, calendar: Calendar) -> None:
        self._day_of = calendar.day_of
        self._start_of = calendar.start_of

    def of(self, window: int, features: Sequence[Feature]) -> Instants:
        """Return what gives the roll-offs of a window (days) of these features, later than one instant, up to another.

        Raises ``ValueError`` if it is not known which days a feature reads.
        """
        day_of, start_of = self._day_of, self._start_of
        read = [*dict.fromkeys(days for feature in features for days in _days_read(feature))]

        def instants(customer: Customer, after: int, until: int) -> Sequence[int]:
            first, last = day_of(after) - window + 1, day_of(until) - window
            leaving: set[int] = set()
            for each in read:
                for days in each(customer):
                    if days and days[-1] >= first and days[0] <= last:
                        leaving.update(days[bisect_left(days, first) : bisect_right(days, last)])
            return [start_of(day + window) for day in sorted(leaving)]

        return instants


def _days_read(feature: Feature) -> Iterable[_Days]:
    if feature.counts is not None:
        yield _days_of_events(feature.counts.key)
    elif feature.tallies is not None:
        yield _days_of_tallies
    else:
        known = ((ORDERS, _days_of_orders), (SUPPORT, _days_of_support), (_BROWSING, _days_of_browsing))
        read = [days for parts, days in known if feature.parts & parts]
        if not read:
            raise ValueError(f"{feature.name}: nothing says on which days it depends")
        yield from read


def _days_of_orders(customer: Customer) -> Iterable[Sequence[int]]:
    purchases = customer.purchases
    return purchases.rows.days, purchases.archive.by_day.days, purchases.refunds.days


def _days_of_support(customer: Customer) -> Iterable[Sequence[int]]:
    return (customer.support.daily.days,)


def _days_of_browsing(customer: Customer) -> Iterable[Sequence[int]]:
    return (customer.engagement.daily.days,)


@cache
def _days_of_events(key: int) -> _Days:
    return lambda customer: (customer.activity.days_of(key),)


def _days_of_tallies(customer: Customer) -> Iterable[Sequence[int]]:
    activity = customer.activity
    return *activity.tallies.days(), activity.returns.daily.days
