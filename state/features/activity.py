"""Functions of events: how often and when they happened, and what a property of theirs adds up to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from schemas.coercion import MAX_TEXT
from schemas.event_names import event_key, track_name
from state.conditions.event_filters import NO_FILTER, check_filter, compile_filter
from state.conditions.features import EventFilter, Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import CallError, Function, Parameter, Sort
from state.conditions.kind import Kind
from state.customer.activity import Activity
from state.customer.occurrences import MILLION, occurrences_key
from state.customer.parts import event_part
from state.features.earlier_windows import BEFORE, in_window, orders_before

_EVENT = Parameter(name="event", sort=Sort.TEXT)
_NUMBER = Parameter(name="number", sort=Sort.PROPERTY)
_DAYS = Parameter(name="days", sort=Sort.DAYS, is_needed=False)
_ORDER = "Order Completed"
"""Counted as orders are: what a refund or a cancellation undoes does not count."""


class EventFunctions:
    """The functions of events under one policy, whose days have ``day_ms``.

    Two spellings of one name are one event, which has the name of the first. ``features`` and ``windowed(days)`` are
    those of the catalogue, ``kinds`` those of fields that are not of any kind.
    """

    def __init__(
        self,
        day_ms: int,
        features: Mapping[str, Feature],
        windowed: Callable[[int], Sequence[Feature]],
        kinds: Mapping[str, Kind],
    ) -> None:
        self._day_ms = day_ms
        self._features = features
        self._windowed = windowed
        self._kinds = kinds
        self._where = Parameter(
            name="where",
            sort=Sort.CONDITION,
            is_needed=False,
            by_name=True,
            check=lambda source, node: check_filter(source, node, kinds),
        )
        self._names: dict[str, str] = {}

    def functions(self) -> Iterator[Function]:
        """Yield the functions."""
        yield Function(
            name="count",
            parameters=(_EVENT, _DAYS, BEFORE, self._where),
            feature=self._count,
            meaning="how often an event happened, of all time or in the last so many days",
            example='count("Referral Sent", 90)',
        )
        yield Function(
            name="days_since_first",
            parameters=(_EVENT, self._where),
            feature=self._since_first,
            meaning="time since an event happened first",
            example='days_since_first("Trial Started")',
        )
        yield Function(
            name="days_since_last",
            parameters=(_EVENT, self._where),
            feature=self._since_last,
            meaning="time since an event happened last",
            example='days_since_last("App Opened", where = platform == "ios")',
        )
        yield Function(
            name="sum",
            parameters=(_EVENT, _NUMBER, _DAYS, BEFORE, self._where),
            feature=self._sum,
            meaning="what a property of an event adds up to, of all time or in the last so many days",
            example='sum("Points Earned", points, 365)',
        )
        yield Function(
            name="mean",
            parameters=(_EVENT, _NUMBER, _DAYS, BEFORE, self._where),
            feature=self._mean,
            meaning="the mean of a property of an event; missing without one",
            example='mean("Survey Answered", score, 90)',
        )
        yield Function(
            name="latest",
            parameters=(_EVENT, _NUMBER, self._where),
            feature=self._latest,
            meaning="the last number that was a property of an event; missing before the first",
            example='latest("Survey Answered", score)',
        )

    def _count(
        self, name: str, event: str, days: int | None = None, before: int | None = None, where: str = ""
    ) -> Feature:
        if self._is_of_all_orders(event, where):
            return self._of_orders(name, "orders", days, before)
        counts = self._counted(event, where)
        total = _feature(name, "events", f"{counts.event} counted", counts, Formula(_count, key=counts.key))
        return in_window(total, days, before, Trend.FALLING, _windowed(_count_since, _count_between, key=counts.key))

    def _since_first(self, name: str, event: str, where: str = "") -> Feature:
        if self._is_of_all_orders(event, where):
            return self._of_orders(name, "days_since_first_order")
        counts = self._counted(event, where)
        formula = Formula(_days_since_first, key=counts.key, day_ms=self._day_ms)
        since = _feature(name, "days", f"time since the first {counts.event}", counts, formula)
        return replace(since, trend=Trend.RISING)

    def _since_last(self, name: str, event: str, where: str = "") -> Feature:
        if self._is_of_all_orders(event, where):
            return self._of_orders(name, "days_since_order")
        counts = self._counted(event, where)
        formula = Formula(_days_since_last, key=counts.key, day_ms=self._day_ms)
        since = _feature(name, "days", f"time since the last {counts.event}", counts, formula)
        return replace(since, trend=Trend.RISING)

    def _sum(
        self,
        name: str,
        event: str,
        number: str,
        days: int | None = None,
        before: int | None = None,
        where: str = "",
    ) -> Feature:
        counts = self._counted(event, where, number)
        given = {"key": counts.key, "name": number}
        total = _feature(name, "", f"{number} of {counts.event}, added up", counts, Formula(_sum, **given))
        # Numbers may be below zero, so a sum over a window may rise when a day leaves it.
        return in_window(total, days, before, Trend.FREE, _windowed(_sum_since, _sum_between, **given))

    def _mean(
        self,
        name: str,
        event: str,
        number: str,
        days: int | None = None,
        before: int | None = None,
        where: str = "",
    ) -> Feature:
        counts = self._counted(event, where, number)
        given = {"key": counts.key, "name": number}
        mean = _feature(name, "", f"mean {number} of {counts.event}", counts, Formula(_mean, **given))
        return in_window(mean, days, before, Trend.FREE, _windowed(_mean_since, _mean_between, **given))

    def _latest(self, name: str, event: str, number: str, where: str = "") -> Feature:
        counts = self._counted(event, where, number)
        formula = Formula(_latest, key=counts.key, name=number)
        return _feature(name, "", f"last {number} of {counts.event}", counts, formula)

    def _name(self, event: str) -> str:
        event = event.strip()
        if not event_key(event) or len(event) > MAX_TEXT:
            told = f"a name has letters or digits, and at most {MAX_TEXT} characters"
            raise CallError(f"no event can be named `{event[:40]}`", told)
        return self._names.setdefault(event_key(event), track_name(event) or event)

    def _is_of_all_orders(self, event: str, where: str) -> bool:
        return self._name(event) == _ORDER and not where

    def _counted(self, event: str, where: str, number: str = "") -> EventFilter:
        event = self._name(event)
        accepts, names, texts = compile_filter(where, self._kinds) if where else NO_FILTER
        kind = self._kinds.get(number, Kind.NUMBER)
        if kind is not Kind.NUMBER:
            raise CallError(f"`{number}` is {kind.phrase}", "name a property or field that is a number")
        return EventFilter(event, occurrences_key(event_key(event), where), accepts, names, number, texts)

    def _of_orders(self, name: str, feature: str, days: int | None = None, before: int | None = None) -> Feature:
        if before is not None:
            return orders_before(name, days, before)
        windowed = () if days is None else self._windowed(days)
        found = next((it for it in windowed if it.name == f"{feature}_{days}d"), None) or self._features[feature]
        return replace(found, name=name)


def _feature(name: str, unit: str, meaning: str, counts: EventFilter, formula: Formula) -> Feature:
    part = event_part(event_key(counts.event))
    return Feature(name=name, unit=unit, meaning=meaning, formula=formula, parts=part, counts=counts)


def _windowed(
    since: Callable[..., object], between: Callable[..., object], **given: object
) -> Callable[[int, int | None], Formula]:
    """Return what makes the formula of a window; ``between`` is that of one that ends earlier."""
    return lambda oldest, after: (
        Formula(since, **given, before=oldest)
        if after is None
        else Formula(between, **given, before=oldest, after=after)
    )


def _count(activity: Activity, key: int) -> int:
    return activity.count(key)


def _count_since(activity: Activity, day: int, key: int, before: int) -> int:
    return activity.count_since(key, day - before)


def _count_between(activity: Activity, day: int, key: int, before: int, after: int) -> int:
    return activity.count_since(key, day - before) - activity.count_since(key, day - after)


def _days_since_first(activity: Activity, at: int, key: int, day_ms: int) -> float | None:
    return None if (first := activity.first(key)) is None else (at - first) / day_ms


def _days_since_last(activity: Activity, at: int, key: int, day_ms: int) -> float | None:
    return None if (last := activity.last(key)) is None else (at - last) / day_ms


def _sum(activity: Activity, key: int, name: str) -> float:
    return activity.total(key, name) / MILLION


def _sum_since(activity: Activity, day: int, key: int, name: str, before: int) -> float:
    return activity.total_since(key, name, day - before) / MILLION


def _sum_between(activity: Activity, day: int, key: int, name: str, before: int, after: int) -> float:
    return (activity.total_since(key, name, day - before) - activity.total_since(key, name, day - after)) / MILLION


def _mean(activity: Activity, key: int, name: str) -> float | None:
    return activity.total(key, name) / (count * MILLION) if (count := activity.numbers(key, name)) else None


def _mean_since(activity: Activity, day: int, key: int, name: str, before: int) -> float | None:
    return (
        activity.total_since(key, name, day - before) / (count * MILLION)
        if (count := activity.numbers_since(key, name, day - before))
        else None
    )


def _mean_between(activity: Activity, day: int, key: int, name: str, before: int, after: int) -> float | None:
    return (
        (activity.total_since(key, name, day - before) - activity.total_since(key, name, day - after))
        / (count * MILLION)
        if (count := activity.numbers_since(key, name, day - before) - activity.numbers_since(key, name, day - after))
        else None
    )


def _latest(activity: Activity, key: int, name: str) -> float | None:
    return None if (last := activity.last_number(key, name)) is None else last / MILLION
