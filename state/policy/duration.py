"""Durations of a policy, in ms and as people wrote them."""

from fractions import Fraction
from typing import NamedTuple


class Duration(NamedTuple):
    """A duration in ms, and as the policy has it: ``number`` units of ``unit_ms``."""

    ms: int
    number: float
    unit_ms: int | Fraction


NO_TIME = Duration(0, 0, 1)


def in_days(number: float, day_ms: int) -> Duration:
    """Return so many days, rounded to whole ms."""
    return Duration(round(number * day_ms), number, day_ms)


def in_hours(number: float, day_ms: int) -> Duration:
    """Return so many 24ths of a day, rounded to whole ms."""
    return Duration(round(number * day_ms / 24), number, Fraction(day_ms, 24))
