"""Buckets and the hold-out: random groups of customers that a condition may ask for."""

from collections.abc import Iterator

from state.conditions.features import Feature
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.bucket import bucket_of
from state.customer.customer import Customer
from state.customer.parts import NO_PARTS
from state.policy.shape import HOLDOUT_BUCKETS, Holdout

MAX_BUCKETS = 1_000_000
HOW_TO_HOLD_OUT = 'declare who is held out: write a table [holdout] with `name = "2026"` and `percent = 5`'


def bucket_function() -> Function:
    """Return the function that gives a customer's random group."""

    def feature(call: str, name: str, buckets: int) -> Feature:
        return Feature(
            name=call,
            unit="",
            meaning=f"{name}: random group, 0 to {buckets - 1}",
            formula=Formula(_bucket, name=name, buckets=buckets),
            parts=NO_PARTS,
            limits=(0, buckets - 1),
        )

    return Function(
        name="bucket",
        parameters=(
            Parameter(name="name", sort=Sort.TEXT),
            Parameter(name="buckets", sort=Sort.WHOLE, most=MAX_BUCKETS),
        ),
        feature=feature,
        meaning="random group of the customer, the same for ever: 0 to one less than there are",
        example='bucket("spring", 100)',
    )


def holdout_feature(holdout: Holdout | None) -> Iterator[Feature]:
    """Yield whether a customer is held out, if the policy holds anybody out."""
    if holdout is not None:
        yield Feature(
            name="holdout",
            unit="",
            meaning="is held out, so that what is done to the others can be measured",
            formula=Formula(_is_held_out, name=holdout.name, least=holdout.bucket_count),
            parts=NO_PARTS,
        )


def _bucket(customer: Customer, name: str, buckets: int) -> int:
    return bucket_of(customer.user_id, name, buckets)


def _is_held_out(customer: Customer, name: str, least: int) -> bool:
    return bucket_of(customer.user_id, name, HOLDOUT_BUCKETS) < least
