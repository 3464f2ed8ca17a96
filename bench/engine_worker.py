"""lifestage in the engine benchmark: the worker as it ships, with a tracker that does the small job."""

import os
import struct
from collections.abc import Iterable, Mapping, MutableMapping

import msgspec

from agents.batch import Batch, Outcome, Position
from agents.observer import Committed, Customers
from bench.peers.job import LARGE, Numbers, Order, add, nothing
from bench.peers.task import Progress, Task
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Timeline
from streams.policy_file import load_rules
from streams.settings import Settings
from streams.topology import build
from streams.worker import run

_FORMAT = struct.Struct(">qdddqqqq")


class NumbersTracker:
    """Eight numbers for each customer, as bytes."""

    def __init__(self, progress: Progress, snapshots: MutableMapping[bytes, bytes]) -> None:
        self.upto = 0
        self._progress = progress
        self._snapshots = snapshots
        self._decode = msgspec.json.Decoder(Order).decode
        self._encode = msgspec.json.Encoder().encode
        self.stages: Mapping[str, int] = {}

    def keys(self) -> Iterable[bytes]:
        """Return the key of every customer."""
        return self._snapshots.keys()

    def snapshot(self, key: bytes) -> bytes | None:
        """Return nothing: nobody asks."""
        return None

    def rules_of(self, key: bytes) -> Rulebook:
        """Raise ``KeyError``: there is no customer."""
        raise KeyError(key)

    def enforce(self, rules: Rulebook, since: int | None, *, silently: bool = False, closes_past: bool = False) -> None:
        """Count as before."""

    def timeline(self, key: bytes) -> Timeline | None:
        """Return nothing: the small job has no timelines."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over what an earlier owner has committed."""
        if value is None:
            self._snapshots.pop(key, None)
        else:
            self._snapshots[key] = value

    def compute(self, batch: Batch) -> Outcome:
        """Add the orders to copies of the numbers, and announce the large ones."""
        if not self._progress.records:
            self._progress.mark()
        outcome = Outcome(batch.upto)
        snapshots, decode, announce = self._snapshots, self._decode, outcome.transitions.append
        touched: dict[bytes, Numbers] = {}
        for record in batch.records:
            key = record.key or b""
            order = decode(record.value or b"")
            numbers = touched.get(key)
            if numbers is None:
                before = snapshots.get(key)
                numbers = touched[key] = nothing() if before is None else list(_FORMAT.unpack(before))
            add(numbers, order.amount, order.at)
            if order.amount >= LARGE:
                value = self._encode({"customer": key.decode(), "numbers": numbers})
                announce((key, value, record.time))
        outcome.changes = {key: _FORMAT.pack(*numbers) for key, numbers in touched.items()}
        outcome.counts["in"] = outcome.counts["applied"] = len(batch.records)
        return outcome

    def apply(self, outcome: Outcome) -> None:
        """Take over what is committed now."""
        self._snapshots.update({key: value for key, value in outcome.changes.items() if value is not None})
        self.upto = outcome.upto

    def due(self) -> int | None:
        """Return no deadline: the small job has none."""
        return None


class ProgressObserver:
    """An observer that counts the committed records."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def opened(self, partition: int, position: Position, customers: Customers) -> None:
        """Do nothing."""

    def committed(self, committed: Committed) -> None:
        """Count a batch."""
        if self._progress.add(len(committed.batch.records)):
            self._progress.mark()

    def closed(self, partition: int) -> None:
        """Do nothing."""


def main() -> None:
    """Run the worker until it is stopped."""
    settings = Settings.from_environment(os.environ)
    progress = Progress(Task.given())

    def tracker(_partition: int, snapshots: MutableMapping[bytes, bytes]) -> NumbersTracker:
        return NumbersTracker(progress, snapshots)

    run(build(settings, load_rules(None), group_state=tracker, observers=[ProgressObserver(progress)]), settings)


if __name__ == "__main__":
    main()
