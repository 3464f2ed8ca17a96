"""The history of the lifecycle: the previous stage, and what a condition may ask of a customer's stays in one stage."""

from collections.abc import Callable, Iterator

from state.conditions.features import Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.customer import STAGES, Customer
from state.customer.parts import DECIDED

_STAGE = Parameter(name="stage", sort=Sort.TEXT, allowed=STAGES, by_name=True)


def previous_stage() -> Feature:
    """Return the stage before the present one."""
    meaning = "the stage before this one; unknown before the first change"
    formula = Formula(_previous_stage)
    return Feature(name="previous_stage", unit="", meaning=meaning, parts=DECIDED, formula=formula, allowed=STAGES)


def stage_functions(day_ms: int) -> Iterator[Function]:
    """Yield the functions of a stage."""
    yield _function(
        "days_since_entered",
        "churned",
        "time since the stage last began",
        lambda stage: Formula(_days_since_entered, stage=stage, day_ms=day_ms),
        Trend.RISING,
    )
    yield _function(
        "days_since_left",
        "at_risk",
        "time since the stage last ended",
        lambda stage: Formula(_days_since_left, stage=stage, day_ms=day_ms),
        Trend.RISING,
    )
    yield _function(
        "total_days_in",
        "loyal",
        "time spent in the stage, all stays together",
        lambda stage: Formula(_total_days_in, stage=stage, day_ms=day_ms),
        Trend.RISING,
        moves_while="in the stage",
    )
    yield _function(
        "times_entered",
        "loyal",
        "how often the stage began",
        lambda stage: Formula(_times_entered, stage=stage),
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


def _function(
    name: str,
    example: str,
    meaning: str,
    formula: Callable[[str], Formula],
    trend: Trend,
    *,
    moves_while: str = "",
) -> Function:
    def feature(call: str, stage: str) -> Feature:
        return Feature(
            name=call,
            unit="times" if trend is Trend.CONSTANT else "days",
            meaning=f"{stage}: {meaning}",
            formula=formula(stage),
            parts=DECIDED,
            trend=trend,
            history_of=stage,
            moves_while=moves_while,
        )

    return Function(
        name=name, parameters=(_STAGE,), feature=feature, meaning=meaning, example=f'{name}(stage = "{example}")'
    )
