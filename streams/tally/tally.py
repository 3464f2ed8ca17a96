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
        if example and not self.stands_before(place):
            self.place, self.example = place, example
        self.count += count

    def merge(self, other: "Counted") -> None:
        """Add another count of the same."""
        self.add(other.count, other.place, other.example)

    def stands_before(self, place: int) -> bool:
        """Return whether the example stands before this place, so that one from there would not be kept."""
        return bool(self.example) and self.place <= place


@dataclass(slots=True)
class Tally:
    """The counts of a feed: *events in = applied + duplicates + rejects*, always.

    ``unknown`` (the applied events whose names lifestage does not know) is by name, cut to ``MAX_NAME`` and printable;
    with ``max_names``, further names are counted as ``OTHER``. ``rejects`` is by reason, ``bounds`` by the bound that
    held. ``unknown_orders`` are the applied events about orders never seen. ``unusable_accounts`` are the events that
    reach no account because of its id, whatever became of them for their customers.
    """

    applied: int = 0
    duplicates: Counted = field(default_factory=Counted)
    rejects: dict[str, Counted] = field(default_factory=dict)
    unknown: dict[str, Counted] = field(default_factory=dict)
    bounds: dict[str, Counted] = field(default_factory=dict)
    unknown_orders: Counted = field(default_factory=Counted)
    unusable_accounts: int = 0
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
        without_effect = self.duplicates.count or self.unknown_orders.count or self.unusable_accounts
        return bool(without_effect or self.rejects or self.unknown or self.bounds)

    def reject(self, reason: str, count: int = 1, place: int = 0, example: str = "") -> None:
        """Count rejects of one reason."""
        _entry(self.rejects, reason).add(count, place, example)

    def apply_unknown(self, name: str, count: int = 1, place: int = 0, example: str = "") -> None:
        """Count applied events with an unknown name."""
        self.applied += count
        self._of_name(name).add(count, place, example)

    def find_duplicates(self, found: Counted) -> None:
        """Count events that were counted as applied as duplicates."""
        self.applied -= found.count
        self.duplicates.merge(found)

    def refuse(self, reason: str, place: int = 0, example: str = "") -> None:
        """Count an event that was counted as applied as a reject."""
        self.applied -= 1
        self.reject(reason, 1, place, example)

    def hold(self, bound: str, count: int = 1, place: int = 0, example: str = "") -> None:
        """Count the times that a bound held."""
        _entry(self.bounds, bound).add(count, place, example)

    def add(self, other: "Tally") -> None:
        """Add another tally; of two examples, the one that stands first is kept."""
        self.applied += other.applied
        self.duplicates.merge(other.duplicates)
        self.unknown_orders.merge(other.unknown_orders)
        self.unusable_accounts += other.unusable_accounts
        for reason, it in other.rejects.items():
            _entry(self.rejects, reason).merge(it)
        for name, it in other.unknown.items():
            self._of_name(name).merge(it)
        for bound, it in other.bounds.items():
            _entry(self.bounds, bound).merge(it)

    def _of_name(self, name: str) -> Counted:
        key = printable(name[:MAX_NAME]) or NO_NAME
        if self.max_names is not None and key not in self.unknown and len(self.unknown) >= self.max_names:
            key = OTHER
        return _entry(self.unknown, key)


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
