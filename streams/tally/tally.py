"""A tally: what became of the events of a feed, with one example of everything that was put aside."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.envelope import MAX_NAME
from streams.terminal_text import printable

OTHER = "other"
NO_NAME = "(no name)"


@dataclass(slots=True)
class Counted:
    """A count with its first example: ``place`` is where that stands, lower is earlier; ``example`` says what it is."""

    count: int = 0
    place: int = 0
    example: str = ""

    def add(self, count: int, place: int, example: str) -> None:
        """Count more of the same; the example that stands first is kept."""
        if example and (not self.example or place < self.place):
            self.place, self.example = place, example
        self.count += count


@dataclass(slots=True)
class Tally:
    """The counts of a feed: *events in = applied + duplicates + rejects*, always.

    ``unknown`` (the applied events whose names lifestage does not know) is by name, cut to ``MAX_NAME`` and printable;
    with ``max_names``, further names are counted as ``OTHER``. ``rejects`` is by reason, ``bounds`` by the bound that
    held. ``unknown_orders`` are the applied events about orders never seen.
    """

    applied: int = 0
    duplicates: Counted = field(default_factory=Counted)
    rejects: dict[str, Counted] = field(default_factory=dict)
    unknown: dict[str, Counted] = field(default_factory=dict)
    bounds: dict[str, Counted] = field(default_factory=dict)
    unknown_orders: Counted = field(default_factory=Counted)
    max_names: int | None = None

    @property
    def rejected(self) -> int:
        """All rejects."""
        return _total(self.rejects)

    @property
    def events(self) -> int:
        """All events that came in."""
        return self.applied + self.duplicates.count + self.rejected

    @property
    def unknown_events(self) -> int:
        """The applied events with an unknown name."""
        return _total(self.unknown)

    @property
    def usable(self) -> bool:
        """Whether at least one event could be used."""
        return self.applied > self.unknown_events or self.duplicates.count > 0

    @property
    def put_aside(self) -> bool:
        """Whether anything was not applied, or without effect."""
        return bool(self.duplicates.count or self.rejects or self.unknown or self.unknown_orders.count or self.bounds)

    def reject(self, reason: str, count: int = 1, place: int = 0, example: str = "") -> None:
        """Count rejects of one reason."""
        _entry(self.rejects, reason).add(count, place, example)

    def apply_unknown(self, name: str, count: int = 1, place: int = 0, example: str = "") -> None:
        """Count applied events with an unknown name."""
        self.applied += count
        key = printable(name[:MAX_NAME]) or NO_NAME
        if self.max_names is not None and key not in self.unknown and len(self.unknown) >= self.max_names:
            key = OTHER
        _entry(self.unknown, key).add(count, place, example)

    def find_duplicates(self, count: int, place: int = 0, example: str = "") -> None:
        """Count events that were counted as applied as duplicates."""
        self.applied -= count
        self.duplicates.add(count, place, example)

    def refuse(self, reason: str, place: int = 0, example: str = "") -> None:
        """Count an event that was counted as applied as a reject."""
        self.applied -= 1
        self.reject(reason, 1, place, example)

    def hold(self, bound: str, count: int = 1, place: int = 0, example: str = "") -> None:
        """Count the times that a bound held."""
        _entry(self.bounds, bound).add(count, place, example)

    def add(self, other: "Tally") -> None:
        """Add another tally; of two examples, the one that stands first is kept."""
        self.applied += other.applied - other.unknown_events
        self.duplicates.add(other.duplicates.count, other.duplicates.place, other.duplicates.example)
        for reason, it in other.rejects.items():
            self.reject(reason, it.count, it.place, it.example)
        for name, it in other.unknown.items():
            self.apply_unknown(name, it.count, it.place, it.example)
        orders = other.unknown_orders
        self.unknown_orders.add(orders.count, orders.place, orders.example)
        for bound, it in other.bounds.items():
            self.hold(bound, it.count, it.place, it.example)


def most_first(counted: Mapping[str, Counted]) -> list[tuple[str, Counted]]:
    """Return the entries, the largest count first, equal ones by name."""
    return sorted(counted.items(), key=lambda entry: (-entry[1].count, entry[0]))


def _entry(counted: dict[str, Counted], name: str) -> Counted:
    found = counted.get(name)
    if found is None:
        found = counted[name] = Counted()
    return found


def _total(counted: Mapping[str, Counted]) -> int:
    return sum(it.count for it in counted.values())
