"""Functions of the values of a property: the smallest, the greatest, and how many there are."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.activity import Activity
from state.customer.counted_events import MILLION
from state.customer.distinct_values import MOST_VALUES
from state.features.counting import DAYS, EVENT, HOURS, NUMBER, Counting, counted_feature, windowed_formula
from state.features.event_windows import BEFORE, Window, in_window

_FIELD = Parameter(name="field", sort=Sort.PROPERTY)


class ValueFunctions:
    """The functions of the values of a property under one policy."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting

    def functions(self) -> Iterator[Function]:
        """Yield the functions."""
        yield Function(
            name="min",
            parameters=(EVENT, NUMBER, DAYS, BEFORE, HOURS, self._counting.where),
            feature=self._min,
            meaning="the smallest number that was a property of an event; missing without one",
            example='min("Survey Answered", score, 365)',
        )
        yield Function(
            name="max",
            parameters=(EVENT, NUMBER, DAYS, BEFORE, HOURS, self._counting.where),
            feature=self._max,
            meaning="the greatest number that was a property of an event; missing without one",
            example='max("Order Completed", total, 90)',
        )
        yield Function(
            name="distinct",
            parameters=(EVENT, _FIELD, DAYS, HOURS, self._counting.where),
            feature=self._distinct,
            meaning="how many different values a property of an event had, up to 1,000",
            example='distinct("Product Viewed", product, 30)',
        )

    def _min(self, name: str, event: str, number: str, where: str = "", **window: int) -> Feature:
        self._counting.require_number(number)
        counts = self._counting.filter(event, where, window.get("hours"))._replace(greatest=f"-{number}")
        given: dict[str, Any] = {"key": counts.key, "name": counts.greatest}
        least = counted_feature(name, "", f"smallest {number} of {counts.event}", counts, Formula(_min, **given))
        return in_window(least, Window(**window), Trend.FREE, windowed_formula(_min_since, _min_between, **given))

    def _max(self, name: str, event: str, number: str, where: str = "", **window: int) -> Feature:
        self._counting.require_number(number)
        counts = self._counting.filter(event, where, window.get("hours"))._replace(greatest=number)
        given: dict[str, Any] = {"key": counts.key, "name": counts.greatest}
        most = counted_feature(name, "", f"greatest {number} of {counts.event}", counts, Formula(_max, **given))
        return in_window(most, Window(**window), Trend.FREE, windowed_formula(_max_since, _max_between, **given))

    def _distinct(self, name: str, event: str, field: str, where: str = "", **window: int) -> Feature:
        counts = self._counting.filter(event, where, window.get("hours"))._replace(distinct=field)
        given: dict[str, Any] = {"key": counts.key, "name": field}
        values = counted_feature(
            name, "values", f"distinct {field} of {counts.event}", counts, Formula(_distinct, **given)
        )
        return in_window(
            replace(values, limits=(0, MOST_VALUES)),
            Window(**window),
            Trend.FALLING,
            lambda oldest, after=None, day="": Formula(_distinct_since, day=day, **given, before=oldest),
        )


def _min(activity: Activity, key: int, name: str) -> float | None:
    return None if (most := activity.greatest(key, name)) is None else -most / MILLION


def _min_since(activity: Activity, day: int, key: int, name: str, before: int) -> float | None:
    return None if (most := activity.greatest_between(key, name, day - before)) is None else -most / MILLION


def _min_between(activity: Activity, day: int, key: int, name: str, before: int, after: int) -> float | None:
    return (
        None if (most := activity.greatest_between(key, name, day - before, day - after)) is None else -most / MILLION
    )


def _max(activity: Activity, key: int, name: str) -> float | None:
    return None if (most := activity.greatest(key, name)) is None else most / MILLION


def _max_since(activity: Activity, day: int, key: int, name: str, before: int) -> float | None:
    return None if (most := activity.greatest_between(key, name, day - before)) is None else most / MILLION


def _max_between(activity: Activity, day: int, key: int, name: str, before: int, after: int) -> float | None:
    return None if (most := activity.greatest_between(key, name, day - before, day - after)) is None else most / MILLION


def _distinct(activity: Activity, key: int, name: str) -> int:
    return activity.distinct(key, name)


def _distinct_since(activity: Activity, day: int, key: int, name: str, before: int) -> int:
    return activity.distinct_since(key, name, day - before)
