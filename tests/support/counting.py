"""A tracker that only counts: what is lost or repeated shows as a wrong number."""

from collections.abc import Iterable, Mapping, MutableMapping

from agents.batch import Batch, Outcome
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Timeline

POISON = b"not counted"


class CountingTracker:
    """Per key the number of its records; each record is published as it came, and a deadline once it is set."""

    def __init__(self, partition: int, snapshots: MutableMapping[bytes, bytes]) -> None:
        self.upto = 0
        self.partition = partition
        self.snapshots = snapshots
        self.deadlines: dict[bytes, int] = {}
        self.stages: Mapping[str, int] = {}

    def keys(self) -> Iterable[bytes]:
        return self.snapshots.keys()

    def snapshot(self, key: bytes) -> bytes | None:
        return self.snapshots.get(key)

    def timeline(self, key: bytes) -> Timeline | None:
        return None

    def rules_of(self, key: bytes) -> Rulebook:
        raise KeyError(key)

    def enforce(self, rules: Rulebook, since: int | None, *, silently: bool = False, closes_past: bool = False) -> None:
        """Count as before."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.snapshots.pop(key, None)
        else:
            self.snapshots[key] = value

    def compute(self, batch: Batch) -> Outcome:
        outcome = Outcome(batch.upto)
        for record in batch.records:
            key = record.key or b""
            if record.value == POISON:
                outcome.rejects.append((key, record.value, record.time))
                continue
            before = outcome.changes.get(key) or self.snapshots.get(key) or b"0"
            outcome.changes[key] = b"%d" % (int(before) + 1)
            outcome.transitions.append((key, record.value or b"", record.time))
            outcome.account_events.append((key, record.value or b"", record.time))
        for key, due in self.deadlines.items():
            if due <= batch.upto:
                outcome.transitions.append((key, b"due %d" % due, due))
        outcome.counts["in"] = len(batch.records)
        return outcome

    def apply(self, outcome: Outcome) -> None:
        self.snapshots.update({key: value for key, value in outcome.changes.items() if value is not None})
        self.deadlines = {key: due for key, due in self.deadlines.items() if due > outcome.upto}
        self.upto = outcome.upto

    def due(self) -> int | None:
        return min(self.deadlines.values(), default=None)
