"""Functions of events: how often and when one happened, of all events that producers send."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from schemas.event_names import event_key, track_name
from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.activity import Activity
from state.customer.parts import event_part

EVENT = Parameter(name="event", sort=Sort.TEXT)
DAYS = Parameter(name="days", sort=Sort.DAYS, is_needed=False)
_ORDER = "Order Completed"
"""Counted as orders are: what a refund or a cancellation undoes does not count."""


class EventFunctions:
    """The functions of events under one policy, whose days have ``day_ms``.

    Two spellings of one name are one event, which has the name of the first. ``features`` and ``windowed(days)`` are
    those of the catalogue.
    """

    def __init__(
        self, day_ms: int, features: Mapping[str, Feature], windowed: Callable[[int], Sequence[Feature]]
    ) -> None:
        self._day_ms = day_ms
        self._features = features
        self._windowed = windowed
        self._names: dict[str, str] = {}

    def functions(self) -> Iterator[Function]:
        """Yield the functions."""
        yield Function(
            name="count",
            parameters=(EVENT, DAYS),
            feature=self._count,
            meaning="how often an event happened, of all time or in the last so many days",
            example='count("Referral Sent", 90)',
        )
        yield Function(
            name="days_since_first",
            parameters=(EVENT,),
            feature=self._since_first,
            meaning="time since an event happened first",
            example='days_since_first("Trial Started")',
        )
        yield Function(
            name="days_since_last",
            parameters=(EVENT,),
            feature=self._since_last,
            meaning="time since an event happened last",
            example='days_since_last("App Opened")',
        )

    def _count(self, name: str, event: str, days: int | None = None) -> Feature:
        event = self._name(event)
        if event == _ORDER:
            return self._of_orders(name, "orders", days)
        key = event_key(event)
        total = Feature(
            name=name,
            unit="events",
            meaning=f"{event}, of all time",
            formula=Formula(_count, event=key),
            parts=event_part(key),
            event=event,
        )
        if days is None:
            return total
        meaning, formula = f"{event}, last {days} days", Formula(_count_since, event=key, before=days - 1)
        return replace(total, meaning=meaning, formula=formula, trend=Trend.FALLING, window=days)

    def _since_first(self, name: str, event: str) -> Feature:
        event = self._name(event)
        if event == _ORDER:
            return self._of_orders(name, "days_since_first_order")
        formula = Formula(_days_since_first, event=event_key(event), day_ms=self._day_ms)
        return _rising(name, f"time since the first {event}", event, formula)

    def _since_last(self, name: str, event: str) -> Feature:
        event = self._name(event)
        if event == _ORDER:
            return self._of_orders(name, "days_since_order")
        formula = Formula(_days_since_last, event=event_key(event), day_ms=self._day_ms)
        return _rising(name, f"time since the last {event}", event, formula)

    def _name(self, event: str) -> str:
        event = event.strip()
        return self._names.setdefault(event_key(event), track_name(event) or event)

    def _of_orders(self, name: str, feature: str, days: int | None = None) -> Feature:
        windowed = () if days is None else self._windowed(days)
        found = next((it for it in windowed if it.name == f"{feature}_{days}d"), None) or self._features[feature]
        return replace(found, name=name)


def _rising(name: str, meaning: str, event: str, formula: Formula) -> Feature:
    return Feature(
        name=name,
        unit="days",
        meaning=meaning,
        formula=formula,
        parts=event_part(event_key(event)),
        trend=Trend.RISING,
        event=event,
    )


def _count(activity: Activity, event: str) -> int:
    return activity.count(event)


def _count_since(activity: Activity, day: int, event: str, before: int) -> int:
    return activity.count_since(event, day - before)


def _days_since_first(activity: Activity, at: int, event: str, day_ms: int) -> float | None:
    return None if (first := activity.first(event)) is None else (at - first) / day_ms


def _days_since_last(activity: Activity, at: int, event: str, day_ms: int) -> float | None:
    return None if (last := activity.last(event)) is None else (at - last) / day_ms
