"""A customer's own time zone, which a trait names, and what is made for it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

from schemas.time_zones import zone_named
from state.customer.customer import Customer

Made = TypeVar("Made")
_MOST_ZONES = 32
_REMEMBERED = 65_536
_REMEMBERED_OF_OTHERS = 1024


class OwnZone(Generic[Made]):
    """What ``make(zone, remembered)`` makes, for each customer of their own zone.

    That is the zone that ``trait`` names, otherwise ``zone``. What is made may remember so much; of zones that traits
    name, the ``_MOST_ZONES`` asked for last are kept, and each may remember less.
    """

    def __init__(self, make: Callable[[str, int], Made], zone: str, trait: str) -> None:
        self._trait = trait
        self._make = make
        self._policys = make(zone, _REMEMBERED)
        self._named = lru_cache(_MOST_ZONES)(self._made)

    def of(self, customer: Customer) -> Made:
        """Return what is made of the customer's zone."""
        named = customer.traits.get(self._trait) if self._trait else None
        return self._named(named) if isinstance(named, str) else self._policys

    def _made(self, named: str) -> Made:
        zone = zone_named(named)  # a snapshot may come from a machine that knows other zones
        return self._policys if zone is None else self._make(zone, _REMEMBERED_OF_OTHERS)
