"""Segments: what a condition may ask of the segments that a customer is in."""

from collections.abc import Iterator, Sequence

from state.conditions.features import Feature
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.customer import Customer
from state.customer.parts import SEGMENTS
from state.policy.shape import Segment


def segment_functions(segments: Sequence[Segment]) -> Iterator[Function]:
    """Yield the function of segments, if there are any."""
    if not segments:
        return
    by_key = {it.key: it for it in segments}

    def feature(call: str, segment: str) -> Feature:
        return Feature(
            name=call,
            unit="",
            meaning=f"in the segment {by_key[segment].name}",
            formula=Formula(_in_segment, segment=segment),
            parts=SEGMENTS,
            segment=segment,
        )

    yield Function(
        name="in_segment",
        parameters=(Parameter(name="segment", sort=Sort.TEXT, allowed=tuple(by_key)),),
        feature=feature,
        meaning="whether the customer is in a segment",
        example=f'in_segment("{segments[0].key}")',
    )


def _in_segment(customer: Customer, segment: str) -> bool:
    return segment in customer.memberships
