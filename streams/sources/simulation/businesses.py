"""The businesses that can be simulated, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from schemas.instant import from_text
from streams.sources.simulation import cars, club, grocery, shop_customer, software
from streams.sources.simulation.draws import Draws
from streams.sources.simulation.recorder import Recorder

Live = Callable[[Recorder, str, Draws, int, int], None]
"""Records the life of one customer: of (recorder, userId, draws, start, end), the last two in ms since 1970."""


@dataclass(frozen=True, slots=True)
class Business:
    """A business: its title, from when (ms since 1970) and for how many days to look at it, and how customers live."""

    title: str
    start: int
    days: int
    live: Live


_2015, _2025 = from_text("2015-01-01T00:00:00Z"), from_text("2025-01-01T00:00:00Z")

SHOP = "shop"
BUSINESSES = {
    SHOP: Business("a shop", _2025, 365, shop_customer.live),
    "grocery": Business("a grocer who delivers a box every week", _2025, 365, grocery.live),
    "software": Business("software for businesses, with accounts", _2025, 500, software.live),
    "club": Business("coffee houses with a club", _2025, 500, club.live),
    "cars": Business("a car maker", _2015, 3650, cars.live),
}
