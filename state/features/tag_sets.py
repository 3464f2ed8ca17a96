"""Sets of tags: those of a trait that have not expired, and the instants at which they do."""

from collections.abc import Callable, Sequence

from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.customer.customer import Customer
from state.customer.parts import TRAITS
from state.features.stored_dates import StoredDates


def tag_set(trait: str, dates_of: Callable[[Customer], StoredDates]) -> Feature:
    """Return the feature of a trait that is a set of tags, by what stored dates mean to a customer."""

    def unexpired(customer: Customer, at: int) -> tuple[str, ...] | None:
        stored = customer.traits.get(trait)
        if not isinstance(stored, dict):
            return None
        end_of = dates_of(customer).end_of
        return tuple([tag for tag, until in stored.items() if until is None or (end_of(until) or at) > at])

    def expiries(customer: Customer, after: int, until: int) -> Sequence[int]:
        stored = customer.traits.get(trait)
        if not isinstance(stored, dict):
            return ()
        end_of = dates_of(customer).end_of
        ends = {end_of(expiry) for expiry in stored.values() if expiry is not None}
        return sorted([end for end in ends if end is not None and after < end <= until])

    return Feature(
        name=f"traits.{trait}",
        unit="",
        meaning="the tags that have not expired",
        parts=TRAITS,
        formula=Formula(_unexpired, unexpired=unexpired),
        trend=Trend.FREE,
        changes_at=expiries,
        traits=(trait,),
    )


def _unexpired(
    customer: Customer, at: int, unexpired: Callable[[Customer, int], tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    return unexpired(customer, at)
