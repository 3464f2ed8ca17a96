"""Functions of events: how often and when they happened, and what a property of theirs adds up to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from state.conditions.features import NOT_NEGATIVE, Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import Function
from state.customer.activity import Activity
from state.customer.counted_events import MILLION
from state.features.counting import DAYS, EVENT, HOURS, NUMBER, Counting, counted_feature, windowed_formula
from state.features.event_windows import ALL_TIME, BEFORE, Window, in_window, orders_before

_ORDER = "Order Completed"
"""Counted as orders are: what a refund or a cancellation undoes does not count."""


class EventFunctions:
    """The functions of events under one policy, whose days have ``day_ms``.

    ``features`` and ``windowed(days)`` are those of the catalogue.
    """

    def __init__(
        self,
        counting: Counting,
        day_ms: int,
        features: Mapping[str, Feature],
        windowed: Callable[[int], Sequence[Feature]],
    ) -> None:
        self._counting = counting
        self._day_ms = day_ms
        self._features = features
        self._windowed = windowed

    def functions(self) -> Iterator[Function]:
        """Yield the functions."""
        yield Function(
            name="count",
            parameters=(EVENT, DAYS, BEFORE, HOURS, self._counting.where),
            feature=self._count,
            meaning="how often an event happened, of all time or in the last so many days or hours",
            example='count("Referral Sent", 90)',
        )
        yield Function(
            name="days_since_first",
            parameters=(EVENT, self._counting.where),
            feature=self._since_first,
            meaning="time since an event happened first",
            example='days_since_first("Trial Started")',
        )
        yield Function(
            name="days_since_last",
            parameters=(EVENT, self._counting.where),
            feature=self._since_last,
            meaning="time since an event happened last",
            example='days_since_last("App Opened", where = platform == "ios")',
        )
        yield Function(
            name="sum",
            parameters=(EVENT, NUMBER, DAYS, BEFORE, HOURS, self._counting.where),
            feature=self._sum,
            meaning="what a property of an event adds up to, of all time or in the last so many days or hours",
            example='sum("Points Earned", points, 365)',
        )
        yield Function(
            name="mean",
            parameters=(EVENT, NUMBER, DAYS, BEFORE, HOURS, self._counting.where),
            feature=self._mean,
            meaning="the mean of a property of an event; missing without one",
            example='mean("Survey Answered", score, 90)',
        )
        yield Function(
            name="latest",
            parameters=(EVENT, NUMBER, self._counting.where),
            feature=self._latest,
            meaning="the last number that was a property of an event; missing before the first",
            example='latest("Survey Answered", score)',
        )

    def _count(self, name: str, event: str, where: str = "", **window: int) -> Feature:
        given = Window(**window)
        if given.hours is None and self._is_of_all_orders(event, where):
            return self._of_orders(name, "orders", given)
        counts = self._counting.filter(event, where, given.hours)
        total = counted_feature(name, "events", f"{counts.event} counted", counts, Formula(_count, key=counts.key))
        total = replace(total, limits=NOT_NEGATIVE)
        return in_window(total, given, Trend.FALLING, windowed_formula(_count_since, _count_between, key=counts.key))

    def _since_first(self, name: str, event: str, where: str = "") -> Feature:
        if self._is_of_all_orders(event, where):
            return self._of_orders(name, "days_since_first_order")
        counts = self._counting.filter(event, where)
        formula = Formula(_days_since_first, key=counts.key, day_ms=self._day_ms)
        since = counted_feature(name, "days", f"time since the first {counts.event}", counts, formula)
        return replace(since, trend=Trend.RISING, limits=NOT_NEGATIVE)

    def _since_last(self, name: str, event: str, where: str = "") -> Feature:
        if self._is_of_all_orders(event, where):
            return self._of_orders(name, "days_since_order")
        counts = self._counting.filter(event, where)
        formula = Formula(_days_since_last, key=counts.key, day_ms=self._day_ms)
        since = counted_feature(name, "days", f"time since the last {counts.event}", counts, formula)
        return replace(since, trend=Trend.RISING, limits=NOT_NEGATIVE)

    def _sum(self, name: str, event: str, number: str, where: str = "", **window: int) -> Feature:
        counts = self._counting.numbers(event, where, number, window.get("hours"))
        given: dict[str, Any] = {"key": counts.key, "name": number}
        total = counted_feature(name, "", f"{number} of {counts.event}, added up", counts, Formula(_sum, **given))
        # Numbers may be below zero, so a sum over a window may rise when a day leaves it.
        return in_window(total, Window(**window), Trend.FREE, windowed_formula(_sum_since, _sum_between, **given))

    def _mean(self, name: str, event: str, number: str, where: str = "", **window: int) -> Feature:
        counts = self._counting.numbers(event, where, number, window.get("hours"))
        given: dict[str, Any] = {"key": counts.key, "name": number}
        mean = counted_feature(name, "", f"mean {number} of {counts.event}", counts, Formula(_mean, **given))
        return in_window(mean, Window(**window), Trend.FREE, windowed_formula(_mean_since, _mean_between, **given))

    def _latest(self, name: str, event: str, number: str, where: str = "") -> Feature:
        counts = self._counting.numbers(event, where, number)
        formula = Formula(_latest, key=counts.key, name=number)
        return counted_feature(name, "", f"last {number} of {counts.event}", counts, formula)

    def _is_of_all_orders(self, event: str, where: str) -> bool:
        return self._counting.name(event) == _ORDER and not where

    def _of_orders(self, name: str, feature: str, window: Window = ALL_TIME) -> Feature:
        if window.before is not None:
            return orders_before(name, window)
        windowed = () if window.days is None else self._windowed(window.days)
        found = next((it for it in windowed if it.name == f"{feature}_{window.days}d"), None) or self._features[feature]
        return replace(found, name=name)


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
