"""Draws: what is drawn from a random generator, so that the same seed gives the same life."""

from random import Random


class Draws:
    """A random generator in the words of a simulation."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.random.random() < probability

    def wait(self, mean: float) -> int:
        """Return an exponential waiting time with this mean."""
        return int(self.random.expovariate(1 / mean))

    def between(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` on and below ``high``."""
        return self.random.randrange(low, high)

    def one_of(self, weights: dict[str, int]) -> str:
        """Return one of the keys, each as often as it weighs."""
        return self.random.choices(list(weights), list(weights.values()))[0]
