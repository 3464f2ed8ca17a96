"""Printed comparisons: values with as few digits as leave what is printed true.

A value has at most four decimals, as the figures of a transition do, and more only where two values that differ would
otherwise look alike, or the comparison would be untrue of the numbers as printed.
"""

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from state.conditions.exact_number import Exact
from state.conditions.signs import COMPARE, Sign

DECIMALS = 4
_MOST_DECIMALS = 60
_SMALLEST = 10**_MOST_DECIMALS


class Quotient(NamedTuple):
    """A quotient that is only printed and compared: it costs a tenth of a fraction, which is reduced."""

    numerator: int
    denominator: int


class Side(NamedTuple):
    """One side of a comparison: what is printed before the value, and the value.

    With ``as_written``, the text is all that is printed: it is the value as somebody wrote it.
    """

    text: str
    value: Exact | Quotient
    as_written: bool = False

    def printed(self, places: int) -> str:
        """Return the side with its value rounded to so many decimals."""
        if self.as_written:
            return self.text
        digits = number(self.value, places)
        return f"{self.text} {digits}" if self.text else digits

    def ratio(self, places: int) -> tuple[int, int]:
        """Return the number that is printed as numerator and denominator.

        One that no decimals can write is rounded even as written (``1 / 3``).
        """
        if self.as_written and _SMALLEST % self.value.denominator == 0:
            return self.value.numerator, self.value.denominator
        return _scaled(self.value, places), 10**places


def compared(left: Side, sign: Sign, right: Side) -> str:
    """Return a comparison of two numbers that holds, in digits of which it holds too."""
    places = places_of(left, sign, right)
    return f"{left.printed(places)} {sign} {right.printed(places)}"


def places_of(left: Side, sign: Sign, right: Side) -> int:
    """Return how many decimals leave a comparison true that holds."""
    if left.value.denominator == right.value.denominator == 1:
        return DECIMALS
    holds = COMPARE[sign]
    for places in range(DECIMALS, _MOST_DECIMALS + 1):
        (one, of_one), (two, of_two) = left.ratio(places), right.ratio(places)
        if holds(one * of_two, two * of_one):
            break
    return places


def number(value: Exact | Quotient, places: int = DECIMALS) -> str:
    """Return a number rounded (half to even) to so many decimals, without zeros at its end."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = _scaled(value, places)
    whole, decimals = divmod(abs(scaled), 10**places)
    digits = f"{whole}.{decimals:0{places}}".rstrip("0").rstrip(".")
    return f"-{digits}" if scaled < 0 else digits


def _scaled(value: Exact | Quotient, places: int) -> int:
    # In whole numbers: ``round`` of a fraction makes several fractions, and every transition is explained.
    unit: int = 10**places
    if value.denominator == 1:
        return value.numerator * unit
    whole, rest = divmod(value.numerator * unit, value.denominator)
    twice = 2 * rest
    up = twice > value.denominator or (twice == value.denominator and whole % 2 == 1)
    return whole + 1 if up else whole


@lru_cache(maxsize=1024)
def written(value: float) -> str:
    """Return a number as it was written: in decimal notation, as few digits as tell it from every other double."""
    return f"{Decimal(repr(value)):f}".removesuffix(".0")
