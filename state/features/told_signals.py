"""Signals: what a condition may ask of when they were told."""

from collections.abc import Iterator, Sequence

from state.conditions.features import NOT_NEGATIVE, Feature, Trend
from state.conditions.formula import Formula
from state.conditions.functions import Function, Parameter, Sort
from state.customer.customer import Customer
from state.customer.parts import SIGNALS
from state.policy.signal_shape import Signal


def signal_functions(signals: Sequence[Signal], day_ms: int) -> Iterator[Function]:
    """Yield the function of signals, if there are any."""
    if not signals:
        return
    names = {it.key: it.name for it in signals}

    def feature(call: str, signal: str) -> Feature:
        return Feature(
            name=call,
            unit="days",
            meaning=f"time since the signal {names[signal]} was told last",
            formula=Formula(_days_since_signal, signal=signal, day_ms=day_ms),
            parts=SIGNALS,
            trend=Trend.RISING,
            limits=NOT_NEGATIVE,
            signal=signal,
        )

    yield Function(
        name="days_since_signal",
        parameters=(Parameter(name="signal", sort=Sort.TEXT, allowed=tuple(names)),),
        feature=feature,
        meaning="time since a signal was told last; unknown if it never was",
        example=f'days_since_signal("{signals[0].key}")',
    )


def _days_since_signal(customer: Customer, at: int, signal: str, day_ms: int) -> float | None:
    return None if (told := customer.signals_told.get(signal)) is None else (at - told) / day_ms
