"""Printed comparisons: values with as few digits as leave what is printed true.

A value has at most four decimals, as the figures of a transition do, and more only where two values that differ would
otherwise look alike, or the comparison would be untrue of the numbers as printed.
"""

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

DECIMALS = 4
_MOST_DECIMALS = 60
_HOLDS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Side(NamedTuple):
    """One side of a comparison: what is printed before the value, and the value.

    With ``as_written``, the text is all that is printed: it is the value as somebody wrote it.
    """

    text: str
    value: Fraction
    as_written: bool = False

    def printed(self, places: int) -> str:
        """Return the side with its value rounded to so many decimals."""
        if self.as_written:
            return self.text
        digits = number(self.value, places)
        return f"{self.text} {digits}" if self.text else digits

    def rounded(self, places: int) -> Fraction:
        """Return the number that is printed; one that no decimals can write is rounded even as written (``1 / 3``)."""
        is_exact = self.as_written and 10**_MOST_DECIMALS % self.value.denominator == 0
        return self.value if is_exact else round(self.value, places)


def compared(left: Side, sign: str, right: Side) -> str:
    """Return a comparison of two numbers that holds, in digits of which it holds too."""
    holds = _HOLDS[sign]
    places = DECIMALS
    while places < _MOST_DECIMALS and not holds(left.rounded(places), right.rounded(places)):
        places += 1
    return f"{left.printed(places)} {sign} {right.printed(places)}"


def number(value: Fraction, places: int = DECIMALS) -> str:
    """Return a number rounded (half to even) to so many decimals, without zeros at its end."""
    whole, decimals = divmod(abs(rounded := round(value * 10**places)), 10**places)
    digits = f"{whole}.{decimals:0{places}}".rstrip("0").rstrip(".")
    return f"-{digits}" if rounded < 0 else digits


def written(value: float) -> str:
    """Return a number of the policy in decimal notation, with as few digits as tell it from every other double."""
    return f"{Decimal(repr(value)):f}".removesuffix(".0")
