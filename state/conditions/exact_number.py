"""Exact numbers: what a value is in mathematics, where the double that stands for it is rounded.

A double stands for the decimal number of its shortest text, which is the number that was written.
"""

from fractions import Fraction
from functools import lru_cache

Exact = int | Fraction
Number = int | float | Fraction


def exact(value: Number) -> Exact:
    """Return the number that a value stands for."""
    return _written(value) if isinstance(value, float) else value


@lru_cache(maxsize=4096)
def _written(value: float) -> Fraction:
    return Fraction(repr(value))


def ratio(numerator: Number, denominator: Number) -> Exact:
    """Return a quotient, not rounded."""
    if type(numerator) is int and type(denominator) is int and not numerator % denominator:
        return numerator // denominator  # a fraction costs ten times as much, here and in all that is done with it
    return Fraction(exact(numerator), exact(denominator))
