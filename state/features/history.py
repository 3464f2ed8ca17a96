"""History: the previous stage, and what a condition may ask of a customer's stays in one stage or segment."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from state.conditions.features import NOT_NEGATIVE, Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import CallError, Function, Parameter, Sort
from state.customer.customer import Customer
from state.customer.parts import DECIDED, SEGMENTS
from state.features.segment_history import (
    days_since_entered_segment,
    days_since_left_segment,
    times_entered_segment,
    total_days_in_segment,
)
from state.policy.shape import Segment


def previous_stage(stages: tuple[str, ...]) -> Feature:
    """Return the stage before the present one, which is one of these."""
    meaning = "the stage before this one; unknown before the first change"
    formula = Formula(_previous_stage)
    return Feature(name="previous_stage", unit="", meaning=meaning, parts=DECIDED, formula=formula, allowed=stages)


def stay_functions(day_ms: int, stages: tuple[str, ...], segments: Sequence[Segment]) -> Iterator[Function]:
    """Yield the functions of stays in one of these stages, or in one of the policy's segments."""
    places = _Places(stages, tuple(it.key for it in segments))
    yield _function(
        places,
        "days_since_entered",
        "churned",
        "time since the stage or segment was last entered",
        (
            lambda stage: Formula(_days_since_entered, stage=stage, day_ms=day_ms),
            lambda segment: Formula(days_since_entered_segment, segment=segment, day_ms=day_ms),
        ),
        Trend.RISING,
    )
    yield _function(
        places,
        "days_since_left",
        "at_risk",
        "time since the stage or segment was last left",
        (
            lambda stage: Formula(_days_since_left, stage=stage, day_ms=day_ms),
            lambda segment: Formula(days_since_left_segment, segment=segment, day_ms=day_ms),
        ),
        Trend.RISING,
    )
    yield _function(
        places,
        "total_days_in",
        "loyal",
        "time spent in the stage or segment, all stays together",
        (
            lambda stage: Formula(_total_days_in, stage=stage, day_ms=day_ms),
            lambda segment: Formula(total_days_in_segment, segment=segment, day_ms=day_ms),
        ),
        Trend.RISING,
        moves_while="there",
    )
    yield _function(
        places,
        "times_entered",
        "loyal",
        "how often the stage or segment was entered",
        (
            lambda stage: Formula(_times_entered, stage=stage),
            lambda segment: Formula(times_entered_segment, segment=segment),
        ),
        Trend.CONSTANT,
    )


def entered_at(customer: Customer, stage: str) -> int | None:
    """Return the instant at which a stage last began, None if it never did."""
    if customer.stage == stage:
        return customer.since
    past = customer.past_stays.get(stage)
    return None if past is None else past.entered


def left_at(customer: Customer, stage: str) -> int | None:
    """Return the instant at which a stage last ended, None if it never did."""
    past = customer.past_stays.get(stage)
    return None if past is None else past.left


def time_in(customer: Customer, stage: str, at: int) -> int:
    """Return how long a customer has been in a stage until ``at``, in ms; the stage has not changed until then."""
    past = customer.past_stays.get(stage)
    present = at - customer.since if customer.stage == stage else 0
    return present if past is None else present + past.total_ms


def times_entered(customer: Customer, stage: str) -> int:
    """Return how often a stage began."""
    past = customer.past_stays.get(stage)
    return (0 if past is None else past.times) + (customer.stage == stage)


def _previous_stage(customer: Customer) -> str | None:
    return customer.previous_stage


def _days_since_entered(customer: Customer, at: int, stage: str, day_ms: int) -> float | None:
    return None if (entered := entered_at(customer, stage)) is None else (at - entered) / day_ms


def _days_since_left(customer: Customer, at: int, stage: str, day_ms: int) -> float | None:
    return None if (left := left_at(customer, stage)) is None else (at - left) / day_ms


def _total_days_in(customer: Customer, at: int, stage: str, day_ms: int) -> float:
    return time_in(customer, stage, at) / day_ms


def _times_entered(customer: Customer, stage: str) -> int:
    return times_entered(customer, stage)


class _Places(NamedTuple):
    """Where stays are: the keys of stages and of segments."""

    stages: tuple[str, ...]
    segments: tuple[str, ...]


def _function(
    places: _Places,
    name: str,
    example: str,
    meaning: str,
    formulas: tuple[Callable[[str], Formula], Callable[[str], Formula]],
    trend: Trend,
    *,
    moves_while: str = "",
) -> Function:
    (stages, segments), (of_stage, of_segment) = places, formulas
    shown = example if example in stages else stages[0]

    def feature(call: str, stage: str = "", segment: str = "") -> Feature:
        if bool(stage) is bool(segment):
            told = "it is about a stage or a segment, and not both" if stage else "it does not say which stage"
            raise CallError(f"`{name}`: {told}", f'write it as in `{name}(stage = "{shown}")`')
        return Feature(
            name=call,
            unit="times" if trend is Trend.CONSTANT else "days",
            meaning=f"{stage or segment}: {meaning}",
            formula=of_stage(stage) if stage else of_segment(segment),
            parts=DECIDED if stage else SEGMENTS,
            trend=trend,
            limits=NOT_NEGATIVE,
            history_of=stage or segment,
            segment=segment,
            moves_while=moves_while,
        )

    parameters = [Parameter(name="stage", sort=Sort.TEXT, allowed=stages, by_name=True, is_needed=not segments)]
    if segments:
        parameters.append(Parameter(name="segment", sort=Sort.TEXT, allowed=segments, by_name=True, is_needed=False))
    return Function(
        name=name,
        parameters=tuple(parameters),
        feature=feature,
        meaning=meaning,
        example=f'{name}(stage = "{shown}")',
    )
