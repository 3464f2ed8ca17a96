"""Steps: ascending numbers stored as the differences between them, which are small and so take few bytes."""

from itertools import accumulate
from operator import sub


def in_steps(ascending: list[int]) -> list[int]:
    """The first number, and for each further one how much it is above its predecessor."""
    return [ascending[0], *map(sub, ascending[1:], ascending)] if ascending else ascending


def from_steps(steps: list[int]) -> list[int]:
    """The numbers whose steps these are."""
    return list(accumulate(steps)) if steps else steps
