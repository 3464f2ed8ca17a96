"""Functions of traits that are dates or instants: how long ago or ahead, how many years, how long to the next one."""

from collections.abc import Callable, Iterator, Sequence

from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.conditions.kind import Kind
from state.customer.customer import Customer
from state.customer.parts import TRAITS
from state.features.stored_dates import StoredDates

_PARAMETERS = (Parameter(name="trait", sort=Sort.TRAIT, kinds=(Kind.DATE, Kind.INSTANT)),)

DatesOf = Callable[[Customer], StoredDates]


def date_functions(dates_of: DatesOf, day_ms: int) -> Iterator[Function]:
    """Yield the functions, by what stored dates mean to a customer; a day lasts ``day_ms``."""

    def days_since(name: str, trait: str) -> Feature:
        return Feature(
            name=name,
            unit="days",
            meaning=f"time since {trait}, negative before it",
            parts=TRAITS,
            formula=Formula(_days_since, trait=trait, dates_of=dates_of, day_ms=day_ms),
            trend=Trend.RISING,
            traits=(trait,),
        )

    def days_until(name: str, trait: str) -> Feature:
        return Feature(
            name=name,
            unit="days",
            meaning=f"time until {trait}, negative after it",
            parts=TRAITS,
            formula=Formula(_days_until, trait=trait, dates_of=dates_of, day_ms=day_ms),
            trend=Trend.COUNTING_DOWN,
            traits=(trait,),
        )

    def age(name: str, trait: str) -> Feature:

        def birthdays(customer: Customer, after: int, until: int) -> Sequence[int]:
            dates = dates_of(customer)
            birth = dates.date_of(customer.traits.get(trait))
            return () if birth is None else dates.anniversaries.begins(birth, after, until)

        return Feature(
            name=name,
            unit="years",
            meaning=f"years completed since {trait}",
            parts=TRAITS,
            formula=Formula(_age, trait=trait, dates_of=dates_of),
            trend=Trend.RISING,
            changes_at=birthdays,
            traits=(trait,),
        )

    def days_until_anniversary(name: str, trait: str) -> Feature:

        def midnights(customer: Customer, after: int, until: int) -> Sequence[int]:
            dates = dates_of(customer)
            is_known = dates.date_of(customer.traits.get(trait)) is not None
            return dates.anniversaries.midnights(after, until) if is_known else ()

        def days_after(customer: Customer, after: int, until: int) -> Sequence[int]:
            dates = dates_of(customer)
            first = dates.date_of(customer.traits.get(trait))
            return () if first is None else dates.anniversaries.ends(first, after, until)

        return Feature(
            name=name,
            unit="days",
            meaning=f"whole days to the next anniversary of {trait}",
            parts=TRAITS,
            formula=Formula(_days_ahead, trait=trait, dates_of=dates_of),
            trend=Trend.FALLING,
            changes_at=midnights,
            turns_at=days_after,
            limits=(0, 366),
            traits=(trait,),
        )

    for function, meaning, trait in (
        (days_since, "the time since a date, in days", "signed_on"),
        (days_until, "the time until a date, in days", "renewal_on"),
        (age, "the years completed since a date", "birth_date"),
        (days_until_anniversary, "the whole days to the next anniversary of a date", "birth_date"),
    ):
        name = function.__name__
        example = f"{name}(traits.{trait})"
        yield Function(name=name, parameters=_PARAMETERS, feature=function, meaning=meaning, example=example)


def _days_since(customer: Customer, at: int, trait: str, dates_of: DatesOf, day_ms: int) -> float | None:
    return (
        None if (since := dates_of(customer).instant_of(customer.traits.get(trait))) is None else (at - since) / day_ms
    )


def _days_until(customer: Customer, at: int, trait: str, dates_of: DatesOf, day_ms: int) -> float | None:
    return None if (then := dates_of(customer).instant_of(customer.traits.get(trait))) is None else (then - at) / day_ms


def _age(customer: Customer, at: int, trait: str, dates_of: DatesOf) -> int | None:
    return (
        None
        if (birth := (dates := dates_of(customer)).date_of(customer.traits.get(trait))) is None
        else dates.anniversaries.years(birth, at)
    )


def _days_ahead(customer: Customer, at: int, trait: str, dates_of: DatesOf) -> int | None:
    return (
        None
        if (first := (dates := dates_of(customer)).date_of(customer.traits.get(trait))) is None
        else dates.anniversaries.days_ahead(first, at)
    )
