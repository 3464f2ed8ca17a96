"""A population: customers after a year, in any number, copied from a few simulated ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.batch import Batch, Record
from agents.tracker import Tracker
from state.rules.rulebook import Rulebook
from streams.sources import simulated
from streams.sources.source import SourceEvent

DAY = 86_400_000
HISTORY_DAYS = 365
AHEAD_DAYS = 60
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Original:
    """A simulated customer: their snapshot after a year, and by day the events of the two months that follow."""

    key: bytes
    snapshot: bytes
    days: Sequence[Sequence[SourceEvent]]


@dataclass(frozen=True, slots=True)
class Population:
    """The originals as of ``instant`` (ms since 1970); customer ``n`` is a copy of one of them under another key."""

    instant: int
    originals: Sequence[Original]

    @staticmethod
    def key(number: int) -> bytes:
        """Return the key of a customer."""
        return b"customer-%08d" % number

    @staticmethod
    def number(key: bytes) -> int:
        """Return the number of the customer with this key."""
        return int(key.rpartition(b"-")[2])

    def original(self, number: int) -> Original:
        """Return the simulated customer of whom this one is a copy."""
        return self.originals[number % len(self.originals)]

    def snapshots(self, customers: int) -> Iterator[tuple[bytes, bytes]]:
        """Yield key and snapshot of the first so many customers, each an object of its own, as if read from a log."""
        for number in range(customers):
            yield self.key(number), bytes(bytearray(self.original(number).snapshot))


def simulate(rules: Rulebook, originals: int, instant: int, seed: int = 1) -> Population:
    """Return a population decided under these rules, without those who first appear after ``instant``."""
    events = lives(originals, instant, seed)
    past = [event for event in events if event.instant < instant]
    ahead: dict[bytes, dict[int, list[SourceEvent]]] = {}
    for event in events[len(past) :]:
        ahead.setdefault(event.key or b"", {}).setdefault(event.instant // DAY, []).append(event)
    snapshots = decided(rules, past, instant)
    return Population(
        instant,
        [Original(key, value, list(ahead.get(key, {}).values())) for key, value in sorted(snapshots.items())],
    )


def lives(originals: int, instant: int, seed: int = 1) -> list[SourceEvent]:
    """Return what the originals do from a year before ``instant`` to two months after it, sorted by instant."""
    return simulated.events(originals, HISTORY_DAYS + AHEAD_DAYS, seed, instant - HISTORY_DAYS * DAY)


def decided(rules: Rulebook, events: Sequence[SourceEvent], instant: int) -> Mapping[bytes, bytes]:
    """Return the snapshots after these events (sorted by instant) and all deadlines before ``instant``."""
    snapshots: dict[bytes, bytes] = {}
    tracker = Tracker(rules, 0, snapshots)
    records = [Record(it.topic, number, it.instant, it.key, it.value) for number, it in enumerate(events)]
    for start in range(0, len(records), _BATCH):
        batch = records[start : start + _BATCH]
        tracker.apply(tracker.compute(Batch(0, 0, batch, batch[-1].time)))
    pass_time(tracker, instant - 1)
    return snapshots


def pass_time(tracker: Tracker, upto: int) -> None:
    """Let a tracker decide everything due until ``upto`` (ms since 1970), in as many steps as needed."""
    tracker.apply(tracker.compute(Batch(0, 0, [], upto)))
    while (due := tracker.due()) is not None and due <= upto:
        tracker.apply(tracker.compute(Batch(0, 0, [], upto)))
