"""The next change: when a test begins or ceases to hold by itself, to the millisecond.

The instant at which a comparison of straight lines changes is estimated, and then found by bisection with the test
itself, so that rounding never moves it. Roll-offs of windows are searched one by one, or by bisection where the test
can only change one way.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from state.conditions.features import Instants
from state.conditions.monotone import Direction
from state.customer.customer import Customer

Gap = Callable[[Customer, int], float | None]
_PROBE_MS = 86_400_000
_MAX_SECANTS = 12


class NextChange(Protocol):
    """The future of a test, while no events come."""

    @property
    def cost(self) -> int:
        """The relative cost of finding the next change; 0 if it never changes by itself."""

    def may_become(self, wanted: bool) -> bool:
        """Return whether it can change to this by itself."""

    def first(self, wanted: bool, customer: Customer, start: int, end: int) -> int | None:
        """Return the first instant from ``start`` to ``end`` at which it holds (``wanted``) or does not."""


@dataclass(frozen=True, slots=True)
class LeafChange:
    """The changes of a single test, which go only in ``direction`` (UP: from not holding to holding) if that is known.

    ``gap`` is how far the left side is above the right one, given if the comparison can change at any instant;
    ``edges`` are further instants at which it may change, and ``turns`` those of them at which it may do so in any
    direction; ``curved`` says whether the gap is anything but a straight line.
    """

    holds: Callable[[Customer, int], bool]
    gap: Gap | None
    edges: tuple[Instants, ...]
    turns: tuple[Instants, ...]
    direction: Direction
    curved: bool

    @property
    def cost(self) -> int:
        """The relative cost of finding the next change; 0 if it never changes by itself."""
        return len(self.edges) * 2 + (self.gap is not None)

    def may_become(self, wanted: bool) -> bool:
        """Return whether it can change to this by itself."""
        return bool(self.turns) or self._goes(wanted)

    def first(self, wanted: bool, customer: Customer, start: int, end: int) -> int | None:
        """Return the first instant from ``start`` to ``end`` at which it holds (``wanted``) or does not."""
        if self.holds(customer, start) is wanted:
            return start
        for turn in _together(self.turns, customer, start, end) if self.turns else ():
            found = self._before_turns(wanted, customer, start, turn - 1)
            if found is not None:
                return found
            if self.holds(customer, turn) is wanted:
                return turn
            start = turn
        return self._before_turns(wanted, customer, start, end)

    def _goes(self, wanted: bool) -> bool:
        return self.direction not in (Direction.STILL, Direction.DOWN if wanted else Direction.UP)

    def _before_turns(self, wanted: bool, customer: Customer, start: int, end: int) -> int | None:
        # It is not as wanted at ``start``, and no turn lies behind that.
        if not self._goes(wanted):
            return None
        if not self.edges:
            return self._between(wanted, customer, start, end)
        edges = _together(self.edges, customer, start, end)
        if self.direction is Direction.EITHER:
            for edge in edges:
                found = self._between(wanted, customer, start, edge - 1)
                if found is not None:
                    return found
                if self.holds(customer, edge) is wanted:
                    return edge
                start = edge
            return self._between(wanted, customer, start, end)
        past = bisect_left(edges, True, key=lambda edge: self.holds(customer, edge) is wanted)
        before = edges[past - 1] if past else start
        if past == len(edges):
            return self._between(wanted, customer, before, end)
        found = self._between(wanted, customer, before, edges[past] - 1)
        return edges[past] if found is None else found

    def _between(self, wanted: bool, customer: Customer, low: int, high: int) -> int | None:
        # No roll-off lies in between, so the test changes at most once after ``low``, where it is not as wanted yet.
        if self.gap is None or high <= low or (self.curved and self.holds(customer, high) is not wanted):
            return None
        guess = _crossing(self.gap, customer, low, high, self.curved)
        holds = self.holds
        step = 1
        if holds(customer, guess) is wanted:
            high, below = guess, guess - step
            while below > low and holds(customer, below) is wanted:
                high, step = below, step * 8
                below = high - step
            low = max(low, below)
        elif guess == high:
            return None
        else:
            limit, low = high, guess
            high = min(limit, low + step)
            while holds(customer, high) is not wanted:
                if high == limit:
                    return None
                low, step = high, step * 8
                high = min(limit, high + step)
        while high - low > 1:
            middle = (low + high) // 2
            if holds(customer, middle) is wanted:
                high = middle
            else:
                low = middle
        return high


def _together(sources: tuple[Instants, ...], customer: Customer, after: int, until: int) -> Sequence[int]:
    if len(sources) == 1:
        return sources[0](customer, after, until)
    return sorted({at for each in sources for at in each(customer, after, until)})


def _crossing(
    gap: Callable[[Customer, int], float | None], customer: Customer, low: int, high: int, curved: bool
) -> int:
    # Where the gap closes if it goes on in a straight line; for a curve, the secant method.
    at, later = low, min(low + _PROBE_MS, high)
    here, there = gap(customer, at), gap(customer, later)
    for _ in range(_MAX_SECANTS if curved else 1):
        if here is None or there is None:
            return high
        if here == there:
            return later if curved and at != low else low + 1
        closing = at + here * (later - at) / (here - there)
        if not low < closing < high:
            return low + 1 if low - 1 < closing <= low else high
        guess = round(closing)
        if not curved or abs(guess - later) <= 1:
            return max(guess, low + 1)
        at, here, later, there = later, there, guess, gap(customer, guess)
    return max(later, low + 1)


@dataclass(frozen=True, slots=True)
class CombinedChange:
    """The changes of a test that holds if all of its parts do (``every``), or if at least one of them does."""

    parts: tuple[NextChange, ...]
    every: bool

    @property
    def cost(self) -> int:
        """The relative cost of finding the next change; 0 if it never changes by itself."""
        return sum(part.cost for part in self.parts)

    def may_become(self, wanted: bool) -> bool:
        """Return whether it can change to this by itself."""
        return any(part.may_become(wanted) for part in self.parts)

    def first(self, wanted: bool, customer: Customer, start: int, end: int) -> int | None:
        """Return the first instant from ``start`` to ``end`` at which it holds (``wanted``) or does not."""
        if wanted is not self.every:
            earliest = None
            for part in self.parts:
                found = part.first(wanted, customer, start, end)
                if found == start:
                    return start
                if found is not None:
                    earliest, end = found, found - 1
            return earliest
        # All parts must be as wanted at once: each in turn moves the instant on, until none does.
        agreed, turn = 0, 0
        while agreed < len(self.parts):
            found = self.parts[turn].first(wanted, customer, start, end)
            if found is None:
                return None
            agreed = agreed + 1 if found == start else 1
            start = found
            turn = (turn + 1) % len(self.parts)
        return start


@dataclass(frozen=True, slots=True)
class NegatedChange:
    """The changes of a test that holds if the part does not."""

    part: NextChange

    @property
    def cost(self) -> int:
        """The relative cost of finding the next change; 0 if it never changes by itself."""
        return self.part.cost

    def may_become(self, wanted: bool) -> bool:
        """Return whether it can change to this by itself."""
        return self.part.may_become(not wanted)

    def first(self, wanted: bool, customer: Customer, start: int, end: int) -> int | None:
        """Return the first instant from ``start`` to ``end`` at which it holds (``wanted``) or does not."""
        return self.part.first(not wanted, customer, start, end)
