"""History: the previous stage, and what a condition may ask of stays in one stage or segment, or on one step."""

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from state.conditions.errors import error_at
from state.conditions.features import NOT_NEGATIVE, Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import CallError, Function, Parameter, Sort
from state.customer.customer import Customer
from state.customer.parts import DECIDED, SEGMENTS, STEPS
from state.features.segment_history import (
    days_since_entered_segment,
    days_since_left_segment,
    times_entered_segment,
    total_days_in_segment,
)
from state.features.stays import in_stage
from state.features.step_history import (
    days_since_entered_step,
    days_since_left_step,
    times_entered_step,
    total_days_on_step,
)
from state.policy.shape import Ladder, Segment
from state.policy.unknown_names import unknown_step


def previous_stage(stages: tuple[str, ...]) -> Feature:
    """Return the stage before the present one, which is one of these."""
    meaning = "the stage before this one; unknown before the first change"
    formula = Formula(_previous_stage)
    return Feature(name="previous_stage", unit="", meaning=meaning, parts=DECIDED, formula=formula, allowed=stages)


class _Asked(NamedTuple):
    """What may be asked of stays, with an example of a stage, and how it is read of a stage, a segment and a step."""

    name: str
    example: str
    meaning: str
    of_stage: Callable[[str], Formula]
    of_segment: Callable[[str], Formula]
    of_step: Callable[[str, str], Formula]
    trend: Trend = Trend.RISING
    moves_while: str = ""


class _Places(NamedTuple):
    """Where stays are: the keys of stages, of segments, and of the steps of each ladder."""

    stages: tuple[str, ...]
    segments: tuple[str, ...]
    steps: dict[str, list[str]]


def stay_functions(
    day_ms: int, stages: tuple[str, ...], segments: Sequence[Segment], ladders: Sequence[Ladder]
) -> Iterator[Function]:
    """Yield the functions of stays in one of these stages, in one of the policy's segments, or on a step."""
    steps = {ladder.key: [it.key for it in ladder.steps] for ladder in ladders}
    places = _Places(stages, tuple(it.key for it in segments), steps)
    for asked in _asked(day_ms):
        yield _function(places, asked)


def _asked(day_ms: int) -> Iterator[_Asked]:
    yield _Asked(
        "days_since_entered",
        "churned",
        "time since the stage, segment or step was last entered",
        lambda stage: Formula(_days_since_entered, stage=stage, day_ms=day_ms),
        lambda segment: Formula(days_since_entered_segment, segment=segment, day_ms=day_ms),
        lambda ladder, step: Formula(days_since_entered_step, ladder=ladder, step=step, day_ms=day_ms),
    )
    yield _Asked(
        "days_since_left",
        "at_risk",
        "time since the stage, segment or step was last left",
        lambda stage: Formula(_days_since_left, stage=stage, day_ms=day_ms),
        lambda segment: Formula(days_since_left_segment, segment=segment, day_ms=day_ms),
        lambda ladder, step: Formula(days_since_left_step, ladder=ladder, step=step, day_ms=day_ms),
    )
    yield _Asked(
        "total_days_in",
        "loyal",
        "time spent in the stage or segment, or on the step, all stays together",
        lambda stage: Formula(_total_days_in, stage=stage, day_ms=day_ms),
        lambda segment: Formula(total_days_in_segment, segment=segment, day_ms=day_ms),
        lambda ladder, step: Formula(total_days_on_step, ladder=ladder, step=step, day_ms=day_ms),
        moves_while="there",
    )
    yield _Asked(
        "times_entered",
        "loyal",
        "how often the stage, segment or step was entered",
        lambda stage: Formula(_times_entered, stage=stage),
        lambda segment: Formula(times_entered_segment, segment=segment),
        lambda ladder, step: Formula(times_entered_step, ladder=ladder, step=step),
        Trend.CONSTANT,
    )


def _previous_stage(customer: Customer) -> str | None:
    return customer.previous_stage


def _days_since_entered(customer: Customer, at: int, stage: str, day_ms: int) -> float | None:
    return None if (entered := in_stage(customer, stage).entered) is None else (at - entered) / day_ms


def _days_since_left(customer: Customer, at: int, stage: str, day_ms: int) -> float | None:
    return None if (left := in_stage(customer, stage).left) is None else (at - left) / day_ms


def _total_days_in(customer: Customer, at: int, stage: str, day_ms: int) -> float:
    return in_stage(customer, stage).total_ms(at) / day_ms


def _times_entered(customer: Customer, stage: str) -> int:
    return in_stage(customer, stage).times


def _function(places: _Places, asked: _Asked) -> Function:
    stages, segments, steps = places
    shown = asked.example if asked.example in stages else stages[0]

    def feature(call: str, stage: str = "", segment: str = "", step: str = "") -> Feature:
        given = [it for it in (stage, segment, step) if it]
        if len(given) != 1:
            of_several, of_none = "a stage, a segment or a step, and not several", "which stage, segment or step"
            told = f"it is about {of_several}" if given else f"it does not say {of_none}"
            raise CallError(f"`{asked.name}`: {told}", f'write it as in `{asked.name}(stage = "{shown}")`')
        ladder, _, of_ladder = step.partition(":")
        return Feature(
            name=call,
            unit="times" if asked.trend is Trend.CONSTANT else "days",
            meaning=f"{given[0]}: {asked.meaning}",
            formula=(
                asked.of_stage(stage)
                if stage
                else asked.of_segment(segment)
                if segment
                else asked.of_step(ladder, of_ladder)
            ),
            parts=DECIDED if stage else SEGMENTS if segment else STEPS,
            trend=asked.trend,
            limits=NOT_NEGATIVE,
            history_of=given[0],
            segment=segment,
            ladder=ladder,
            moves_while=asked.moves_while,
        )

    def check_step(source: str, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and (wrong := unknown_step(str(node.value), steps)) is not None:
            raise error_at(source, node, *wrong)

    parameters = [
        Parameter(name="stage", sort=Sort.TEXT, allowed=stages, by_name=True, is_needed=False),
        Parameter(name="step", sort=Sort.TEXT, by_name=True, is_needed=False, check=check_step),
    ]
    if segments:
        parameters.append(Parameter(name="segment", sort=Sort.TEXT, allowed=segments, by_name=True, is_needed=False))
    return Function(
        name=asked.name,
        parameters=tuple(parameters),
        feature=feature,
        meaning=asked.meaning,
        example=f'{asked.name}(stage = "{shown}")',
    )
