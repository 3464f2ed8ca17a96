"""Simulated customers of a business that is made up: the same for the same seed."""

from itertools import chain
from random import Random

from streams.sources.simulation.businesses import BUSINESSES, SHOP
from streams.sources.simulation.draws import Draws
from streams.sources.simulation.recorder import Recorder
from streams.sources.source import SourceEvent

START = BUSINESSES[SHOP].start
_DAY = 86_400_000


def events(
    customers: int, days: int | None = None, seed: int = 1, start: int | None = None, business: str = SHOP
) -> list[SourceEvent]:
    """Return all events of so many customers of a business, sorted by instant; ``start`` in ms since 1970.

    Without ``start`` and ``days``, they are those of the business. Each customer is drawn from the seed and their own
    number: more customers do not change the first ones.
    """
    begin = BUSINESSES[business].start if start is None else start
    end = begin + (days or BUSINESSES[business].days) * _DAY
    prefix = "sim" if business == SHOP else f"sim-{business}"
    lives = (
        _life(business, f"{prefix}-{number:06d}", f"{seed}/{number}", begin, end) for number in range(1, customers + 1)
    )
    return sorted(chain.from_iterable(lives), key=lambda event: event.instant)


def _life(business: str, user_id: str, seed: str, start: int, end: int) -> list[SourceEvent]:
    recorder = Recorder(user_id, start, end)
    BUSINESSES[business].live(recorder, user_id, Draws(Random(seed)), start, end)
    return recorder.events()
