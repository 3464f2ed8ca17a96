"""Visits: the load of many customers at a steady rate, each with what a simulated customer does in one day."""

from collections.abc import Iterator, Sequence
from random import Random

from bench.population import Population
from schemas.instant import to_text
from streams.sources.source import SourceEvent

_LONGEST_STEP = 180_000
_BEGINNINGS = 600_000


class Visits:
    """Visits of some of the first ``customers`` of a population, one each at most, as so many ``events``.

    Between the events of a customer lie those of the others. At most so many ``copies`` of an original take part
    (without it, all may): with the same number, populations of different sizes get the same work. Raises
    ``ValueError`` if there are too few customers for so many events.
    """

    def __init__(
        self, population: Population, customers: int, events: int, seed: int = 1, copies: int | None = None
    ) -> None:
        existing = customers // len(population.originals)
        drawn = _drawn(population, existing, copies, events, Random(seed))
        drawn.sort(key=lambda event: event[0])
        self._drawn = drawn[:events]

    def __len__(self) -> int:
        return len(self._drawn)

    def from_instant(self, begin: int, rate: float, step: int = 1) -> Iterator[SourceEvent]:
        """The events, ``rate`` of them a second from ``begin`` on (ms since 1970), in steps of so many ms."""
        for number, (_, event, key) in enumerate(self._drawn):
            yield stamped(event, key, begin + int(number * 1000 / rate) // step * step)


def _drawn(
    population: Population, existing: int, most: int | None, events: int, random: Random
) -> list[tuple[int, SourceEvent, bytes]]:
    originals = len(population.originals)
    days = [(place, day) for place, original in enumerate(population.originals) for day in original.days]
    random.shuffle(days)
    taking_part = existing if most is None else min(existing, most)
    free = {place: Random(place).sample(range(existing), taking_part) for place in range(originals)}
    drawn: list[tuple[int, SourceEvent, bytes]] = []
    while len(drawn) < events:
        before = len(drawn)
        for place, day in days:
            if free[place] and len(drawn) < events:
                key = population.key(free[place].pop() * originals + place)
                drawn += [(at, event, key) for at, event in _in_time(day, random.randrange(_BEGINNINGS))]
        if len(drawn) == before:
            raise ValueError(f"these customers make {before} events at most")
    return drawn


def _in_time(day: Sequence[SourceEvent], at: int) -> list[tuple[int, SourceEvent]]:
    placed = []
    before = day[0].instant
    for event in day:
        at += min(_LONGEST_STEP, event.instant - before)
        before = event.instant
        placed.append((at, event))
    return placed


def stamped(event: SourceEvent, key: bytes, at: int) -> SourceEvent:
    """The event as another customer's, at another instant (ms since 1970)."""
    value = event.value.replace(event.key or b"", key)
    return SourceEvent(at, event.topic, key, value.replace(to_text(event.instant).encode(), to_text(at).encode()))
