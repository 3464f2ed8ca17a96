"""The small job that every program does: eight numbers for each customer, and a word about each large order."""

import msgspec

LARGE = 98.0
"""An order of this amount or more is announced: two in a hundred."""

Numbers = list[float]
"""How many orders, their sum, the instant of the last, the smoothed gap, and the orders of each fourth day."""


class Order(msgspec.Struct):
    """What the job needs of an event; the event has more."""

    amount: float
    at: float


def nothing() -> Numbers:
    """Return the numbers of a customer who is new."""
    return [0, 0.0, 0.0, 0.0, 0, 0, 0, 0]


def add(numbers: Numbers, amount: float, at: float) -> None:
    """Take an order into a customer's numbers; ``at`` in seconds since 1970."""
    numbers[0] += 1
    numbers[1] += amount
    numbers[3] = 0.9 * numbers[3] + 0.1 * (at - numbers[2])
    numbers[2] = at
    numbers[4 + (int(at) // 86400 & 3)] += 1
