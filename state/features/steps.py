"""The steps of ladders: what a condition may ask of where a customer stands on a ladder."""

from collections.abc import Iterator, Sequence

from state.conditions.features import Feature
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.customer import Customer
from state.customer.parts import STEPS
from state.policy.shape import Ladder


def step_functions(ladders: Sequence[Ladder]) -> Iterator[Function]:
    """Yield the function of ladders, if there are any."""
    if not ladders:
        return
    by_key = {it.key: it for it in ladders}

    def feature(call: str, ladder: str) -> Feature:
        return Feature(
            name=call,
            unit="",
            meaning=f"step of the ladder {by_key[ladder].name}",
            formula=Formula(_step, ladder=ladder),
            parts=STEPS,
            allowed=tuple(it.key for it in by_key[ladder].steps),
            ladder=ladder,
        )

    yield Function(
        name="step",
        parameters=(Parameter(name="ladder", sort=Sort.TEXT, allowed=tuple(by_key)),),
        feature=feature,
        meaning="the step of a ladder that the customer is on; unknown on none",
        example=f'step("{ladders[0].key}")',
    )


def _step(customer: Customer, ladder: str) -> str | None:
    return None if (standing := customer.steps.get(ladder)) is None else standing[0]
