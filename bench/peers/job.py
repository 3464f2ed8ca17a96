"""The small job of every program: keep eight numbers per customer, and announce each large order."""

import msgspec

LARGE = 98.0
"""An order of this amount or more is announced: two in a hundred."""

Numbers = list[float]
"""Orders, their sum, the instant of the last, the smoothed gap, and the orders by day modulo four."""


class Order(msgspec.Struct):
    """The fields of an event that the job needs."""

    amount: float
    at: float


def nothing() -> Numbers:
    """Return the numbers of a new customer."""
    return [0, 0.0, 0.0, 0.0, 0, 0, 0, 0]


def add(numbers: Numbers, amount: float, at: float) -> None:
    """Add an order to a customer's numbers; ``at`` in seconds since 1970."""
    numbers[0] += 1
    numbers[1] += amount
    numbers[3] = 0.9 * numbers[3] + 0.1 * (at - numbers[2])
    numbers[2] = at
    numbers[4 + (int(at) // 86400 & 3)] += 1
