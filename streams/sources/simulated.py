"""A simulated shop: customers with visits, orders and support cases, the same for the same seed.

Purchases follow the BG/NBD model: each customer buys at a rate of their own (gamma across customers), and after each
purchase leaves for good with a probability of their own (beta across customers).
"""

from itertools import chain
from random import Random

from schemas.instant import from_text
from streams.sources.simulated_customer import CustomerLife
from streams.sources.source import SourceEvent

START = from_text("2025-01-01T00:00:00Z")
_DAY = 86_400_000


def events(customers: int, days: int = 365, seed: int = 1, start: int = START) -> list[SourceEvent]:
    """Return all events of so many customers over so many days, sorted by instant; ``start`` in ms since 1970.

    Each customer is drawn from the seed and their own number: more customers do not change the first ones.
    """
    end = start + days * _DAY
    lives = (_life(number, seed, start, end) for number in range(1, customers + 1))
    return sorted(chain.from_iterable(lives), key=lambda event: event.instant)


def _life(number: int, seed: int, start: int, end: int) -> list[SourceEvent]:
    life = CustomerLife(f"sim-{number:06d}", Random(f"{seed}/{number}"), start, end)
    return life.events()
