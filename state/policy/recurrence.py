"""Recurrences: a signal that occurs again and again while a customer stays in a segment, on a step or in a stage."""

from typing import Literal, NamedTuple

from state.policy.duration import Duration, in_days
from state.policy.signal_shape import Signal

Where = Literal["segment", "step", "stage"]
WHERE: tuple[Where, ...] = ("segment", "step", "stage")
"""The keys of a policy that say where; one of them stands beside ``every_days``."""


class Recurrence(NamedTuple):
    """A period, and where a customer must stay: the key of a segment or stage, or of a ladder and its ``step``."""

    period: Duration
    where: Where
    key: str
    step: str = ""


def recurrence_of(signal: Signal, day_ms: int) -> Recurrence | None:
    """Return the recurrence of a signal; None if it is a sequence, or says not where."""
    for where in WHERE:
        if signal.every_days and (key := getattr(signal, where)):
            ladder, _, step = key.partition(":")
            return Recurrence(in_days(signal.every_days, day_ms), where, ladder, step)
    return None
