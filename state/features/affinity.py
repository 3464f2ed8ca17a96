"""Functions of affinity: which share of views, orders or revenue fell to a category, brand, product or channel."""

from collections.abc import Iterator, Mapping

from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.activity import Activity
from state.customer.counted_events import occurrences_key
from state.customer.engagement import COLUMN_PARTS, COLUMNS
from state.customer.parts import ORDERS
from state.customer.tallies import RETURNS, VIEWS, WEIGHTS, TallyOf

FIELDS: Mapping[str, str] = {
    "category": "categories",
    "brand": "brands",
    "product": "products",
    "channel": "channel",
    "store": "store",
}
"""What a customer may favour, and the field of an event that says it."""
_DIMENSION = Parameter(name="dimension", sort=Sort.TEXT, allowed=tuple(FIELDS))
_VALUE = Parameter(name="value", sort=Sort.TEXT)
_WEIGHT = Parameter(name="weight", sort=Sort.WORD, allowed=WEIGHTS)
_DAYS = Parameter(name="days", sort=Sort.DAYS)


def affinity_functions() -> Iterator[Function]:
    """Yield the functions."""
    yield Function(
        name="share",
        parameters=(_DIMENSION, _VALUE, _WEIGHT, _DAYS),
        feature=_share,
        meaning="the share of views, orders or revenue that fell to one category, brand, product, channel or store",
        example='share("category", "Grocery", revenue, 365)',
    )
    yield Function(
        name="top",
        parameters=(_DIMENSION, _WEIGHT, _DAYS),
        feature=_top,
        meaning="the category, brand, product, channel or store to which most views, orders or revenue fell",
        example='top("category", views, 90)',
    )
    yield Function(
        name="top_share",
        parameters=(_DIMENSION, _WEIGHT, _DAYS),
        feature=_top_share,
        meaning="the share of views, orders or revenue that fell to that one",
        example='top_share("brand", orders, 365)',
    )
    yield Function(
        name="return_rate",
        parameters=(_DAYS,),
        feature=_return_rate,
        meaning="of how many of the orders money was given back, in part or in whole",
        example="return_rate(365)",
    )


def _share(name: str, dimension: str, value: str, weight: str, days: int) -> Feature:
    tallies = _tallies(dimension, weight, value)
    formula = Formula(_share_since, key=tallies.key, value=value, before=days - 1)
    return _feature(name, "0 to 1", f"share of {weight} that fell to {value}", tallies, formula, days)


def _top(name: str, dimension: str, weight: str, days: int) -> Feature:
    tallies = _tallies(dimension, weight)
    formula = Formula(_top_since, key=tallies.key, before=days - 1)
    return _feature(name, "", f"{dimension} to which most {weight} fell", tallies, formula, days)


def _top_share(name: str, dimension: str, weight: str, days: int) -> Feature:
    tallies = _tallies(dimension, weight)
    formula = Formula(_top_share_since, key=tallies.key, before=days - 1)
    return _feature(name, "0 to 1", f"share of {weight} that fell to the {dimension} with most", tallies, formula, days)


def _return_rate(name: str, days: int) -> Feature:
    tallies = TallyOf(occurrences_key(RETURNS), RETURNS, "")
    formula = Formula(_return_rate_since, before=days - 1)
    return _feature(name, "0 to 1", "share of orders of which money was given back", tallies, formula, days)


def _tallies(dimension: str, weight: str, value: str = "") -> TallyOf:
    return TallyOf(occurrences_key(f"{weight} by {dimension}", value), weight, FIELDS[dimension], value)


def _feature(name: str, unit: str, meaning: str, tallies: TallyOf, formula: Formula, days: int) -> Feature:
    return Feature(
        name=name,
        unit=unit,
        meaning=f"{meaning}, last {days} days",
        formula=formula,
        parts=COLUMN_PARTS[COLUMNS["views"]] if tallies.weight == VIEWS else ORDERS,
        trend=Trend.FREE,
        window=days,
        limits=(0, 1) if unit else None,
        tallies=tallies,
    )


def _share_since(activity: Activity, day: int, key: int, value: str, before: int) -> float | None:
    return (
        activity.tallies.weight_since(key, value, day - before) / whole
        if (whole := activity.tallies.whole_since(key, day - before))
        else None
    )


def _top_since(activity: Activity, day: int, key: int, before: int) -> str | None:
    return activity.tallies.top_since(key, day - before)


def _top_share_since(activity: Activity, day: int, key: int, before: int) -> float | None:
    return (
        activity.tallies.weight_since(key, activity.tallies.top_since(key, day - before), day - before) / whole
        if (whole := activity.tallies.whole_since(key, day - before))
        else None
    )


def _return_rate_since(activity: Activity, day: int, before: int) -> float | None:
    return (
        activity.returns.returned_since(day - before) / placed
        if (placed := activity.returns.placed_since(day - before))
        else None
    )
