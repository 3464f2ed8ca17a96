"""Sets of values: numbers within limits, a few values, or all but a few."""

import math
from fractions import Fraction
from math import inf
from typing import NamedTuple

from schemas.events import Scalar
from state.conditions.exact_number import Exact, Number
from state.conditions.signs import Sign


class Within(NamedTuple):
    """The numbers from ``low`` to ``high``, without those two where they are ``over`` and ``under`` them."""

    low: Number = -inf
    high: Number = inf
    over: bool = False
    under: bool = False

    def has(self, value: Scalar | Exact) -> bool:
        """Tell whether a number is one of them."""
        if isinstance(value, str) or value < self.low or value > self.high:
            return False
        return not (self.over and value == self.low) and not (self.under and value == self.high)

    def meeting(self, other: "Within") -> "Within":
        """Return the numbers that are in both."""
        low, over = max((self.low, self.over), (other.low, other.over))
        high, over_high = min((self.high, not self.under), (other.high, not other.under))
        return Within(low, high, over, not over_high)

    def whole(self) -> "Within":
        """Return the least such set with the same whole numbers."""
        low, high = self.low, self.high
        if low != -inf:
            low = math.floor(low) + 1 if self.over else math.ceil(low)
        if high != inf:
            high = math.ceil(high) - 1 if self.under else math.floor(high)
        return Within(low, high)

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return self.low > self.high or (self.low == self.high and (self.over or self.under))


class Some(NamedTuple):
    """These values."""

    values: frozenset[Scalar | Exact]

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self.values


class AllBut(NamedTuple):
    """All values but these."""

    values: frozenset[Scalar | Exact]

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return False


ValueSet = Within | Some | AllBut


def set_of(sign: Sign, values: frozenset[Scalar | Exact]) -> ValueSet:
    """Return what compares so with a value, or, after ``in``, with a list."""
    match sign:
        case "==" | "in":
            return Some(values)
        case "!=" | "not in":
            return AllBut(values)
    (limit,) = values
    assert isinstance(limit, int | Fraction)
    if sign in (">", ">="):
        return Within(low=limit, over=sign == ">")
    return Within(high=limit, under=sign == "<")


def is_part(one: ValueSet, other: ValueSet) -> bool:
    """Tell whether all that is in one set is certain to be in the other one."""
    match one, other:
        case Within(), Within():
            return one.meeting(other) == one
        case Within(), AllBut(values):
            return not any(map(one.has, values))
        case Some(values), Within():
            return all(map(other.has, values))
        case Some(values), Some(others):
            return values <= others
        case Some(values), AllBut(others):
            return values.isdisjoint(others)
        case AllBut(values), AllBut(others):
            return others <= values
        case _:
            return False
