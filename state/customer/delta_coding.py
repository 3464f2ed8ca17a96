"""Delta coding: ascending numbers stored as the differences between them, which are small and take few bytes."""

from itertools import accumulate
from operator import sub


def delta_encode(ascending: list[int]) -> list[int]:
    """Return the first number, and for each further one how much it is above its predecessor."""
    return [ascending[0], *map(sub, ascending[1:], ascending)] if ascending else ascending


def delta_decode(deltas: list[int]) -> list[int]:
    """Return the numbers that were encoded as these deltas."""
    return list(accumulate(deltas)) if deltas else deltas
