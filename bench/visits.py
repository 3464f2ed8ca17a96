"""A load of visits at a steady rate: each customer does what a simulated one does in one day."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from random import Random

from bench.population import Population
from schemas.event_types import BROWSING
from schemas.instant import to_text
from streams.sources.source import SourceEvent

_MAX_STEP = 180_000
_BEGINNINGS = 600_000

_Placed = tuple[int, SourceEvent, bytes]


class Visits:
    """Visits of some of the first ``customers`` of a population, one each at most, as so many ``events``.

    Between the events of a customer lie those of the others. At most so many ``copies`` of an original take part
    (without it, all may): with the same number, populations of different sizes get the same work. ``browsing`` is its
    share of the events, the rest of it left out by chance (without it, all is as simulated). Raises ``ValueError`` if
    there are too few customers for so many events.
    """

    def __init__(
        self,
        population: Population,
        customers: int,
        events: int,
        seed: int = 1,
        copies: int | None = None,
        browsing: float | None = None,
    ) -> None:
        random = Random(seed)
        placed = _placed(population, customers // len(population.originals), copies, random)
        drawn = list(islice(placed, events)) if browsing is None else _thinned(placed, events, browsing, random)
        if len(drawn) < events:
            raise ValueError(f"these customers make {len(drawn)} events at most")
        self._drawn = sorted(drawn, key=lambda event: event[0])

    def __len__(self) -> int:
        return len(self._drawn)

    def from_instant(self, begin: int, rate: float, step: int = 1) -> Iterator[SourceEvent]:
        """Yield the events, ``rate`` a second from ``begin`` on (ms since 1970), in steps of so many ms."""
        for number, (_, event, key) in enumerate(self._drawn):
            yield stamped(event, key, begin + int(number * 1000 / rate) // step * step)


def _placed(population: Population, existing: int, most: int | None, random: Random) -> Iterator[_Placed]:
    originals = len(population.originals)
    days = [(place, day) for place, original in enumerate(population.originals) for day in original.days]
    random.shuffle(days)
    taking_part = existing if most is None else min(existing, most)
    free = {place: Random(place).sample(range(existing), taking_part) for place, _ in days}
    while any(free.values()):
        for place, day in days:
            if free[place]:
                key = population.key(free[place].pop() * originals + place)
                for at, event in _in_time(day, random.randrange(_BEGINNINGS)):
                    yield at, event, key


def _thinned(placed: Iterable[_Placed], events: int, browsing: float, random: Random) -> list[_Placed]:
    looks, others = round(events * browsing), events - round(events * browsing)
    seen: dict[bool, list[_Placed]] = {True: [], False: []}
    for one in placed:
        seen[one[1].topic == BROWSING].append(one)
        if len(seen[True]) >= looks and len(seen[False]) >= others:
            break
    return [*random.sample(seen[True], min(looks, len(seen[True]))), *seen[False][:others]]


def _in_time(day: Sequence[SourceEvent], at: int) -> list[tuple[int, SourceEvent]]:
    placed = []
    before = day[0].instant
    for event in day:
        at += min(_MAX_STEP, event.instant - before)
        before = event.instant
        placed.append((at, event))
    return placed


def stamped(event: SourceEvent, key: bytes, at: int) -> SourceEvent:
    """Return a copy of the event for another customer, at another instant (ms since 1970)."""
    value = event.value.replace(event.key or b"", key)
    return SourceEvent(at, event.topic, key, value.replace(to_text(event.instant).encode(), to_text(at).encode()))
