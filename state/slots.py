"""Slots: the parts of a day by which windows in hours are counted."""

from typing import NamedTuple


class Slots(NamedTuple):
    """Slots of one length, ``a_day`` of them in ``day_ms``, numbered from 1970-01-01T00:00:00Z = 0 in every zone."""

    a_day: int
    day_ms: int

    def of(self, at: int) -> int:
        """Return the number of the slot in which an instant (ms since 1970) lies."""
        return at * self.a_day // self.day_ms

    def start_of(self, slot: int) -> int:
        """Return the first instant of a slot."""
        return -(-slot * self.day_ms // self.a_day)

    def in_hours(self, hours: int) -> int:
        """Return how many slots there are in so many hours."""
        return hours * self.a_day // 24

    @property
    def formula(self) -> str:
        """The slot of ``at`` as an expression."""
        return f"at * {self.a_day} // {self.day_ms}"
