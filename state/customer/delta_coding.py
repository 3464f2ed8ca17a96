"""Delta coding: numbers stored as differences, which are small and take few bytes."""

from collections.abc import Sequence
from itertools import accumulate
from operator import sub

DAY_MS = 86_400_000


def delta_encode(ascending: list[int]) -> list[int]:
    """Return the first number, and for each further one how much it is above its predecessor."""
    return [ascending[0], *map(sub, ascending[1:], ascending)] if ascending else ascending


def delta_decode(deltas: list[int]) -> list[int]:
    """Return the numbers that were encoded as these deltas."""
    return list(accumulate(deltas)) if deltas else deltas


def after_day(at: int, days: Sequence[int]) -> int:
    """Return an instant as the ms after the last of these days, as they are in UTC; as it is if there is none.

    Days of other zones begin less than a day from there, so the number is small if the instant lies in that day.
    """
    return at - days[-1] * DAY_MS if days else at


def at_day(distance: int, days: Sequence[int]) -> int:
    """Return the instant of which ``after_day`` is the distance."""
    return distance + days[-1] * DAY_MS if days else distance
