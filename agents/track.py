"""Track: turns a batch of records into the customers, transitions and rejects that follow from it."""

from collections import Counter, OrderedDict
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from agents.batch import Batch, Outcome, Record
from schemas.envelope import decode
from schemas.events import AnyFact
from schemas.message import encode
from schemas.reject import RejectedError, reject
from schemas.transition import Publication
from state.rulebook import Rulebook
from state.snapshot import Header, SnapshotError, dump, policy_mark, read_header, restore
from state.timeline import Timeline, adopt, begin, settle

MOST_AHEAD = 300_000
MOST_DECODED = 4096
AT_ONCE = 0


@dataclass(slots=True)
class Touched:
    """A customer that a batch touches: as of the last commit, and what of the batch is theirs by messageId."""

    timeline: Timeline
    published: list[Publication]
    arrived: dict[str, tuple[Record, AnyFact]] = field(default_factory=dict)


class Tracker:
    """The customers of one partition group.

    ``compute`` works on copies and changes nothing that anyone can see; ``publish`` takes the outcome over once it
    is committed. ``snapshots`` is where the bytes of every customer are kept.
    """

    def __init__(self, rules: Rulebook, partition: int, snapshots: MutableMapping[bytes, bytes]) -> None:
        self.upto = 0
        self.stages: Counter[str] = Counter()
        self._rules = rules
        self._mark = policy_mark(rules)
        self._lateness = rules.compiled.lateness_ms
        self._partition = partition
        self._snapshots = snapshots
        self._decoded: OrderedDict[bytes, Timeline] = OrderedDict()
        self._deadlines: list[tuple[int, bytes]] = []
        self._taken: list[tuple[int, bytes]] = []

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the changelog."""
        self._uncount(key)
        self._decoded.pop(key, None)
        if value is None:
            self._snapshots.pop(key, None)
            return
        self._snapshots[key] = value
        header = self._header(key)
        if header is not None:
            self.stages[header.stage] += 1
            self._schedule(key, AT_ONCE if header.policy != self._mark else header.due)

    def due(self) -> int | None:
        """The earliest deadline (ms since 1970); it may turn out to be none any more when it is reached."""
        return self._deadlines[0][0] if self._deadlines else None

    def timeline(self, key: bytes) -> Timeline | None:
        """A customer as of the last commit. Raises ``SnapshotError`` when the bytes cannot be read."""
        timeline = self._decoded.get(key)
        if timeline is None:
            snapshot = self._snapshots.get(key)
            if snapshot is None:
                return None
            timeline = restore(snapshot, self._rules)
            self._keep(key, timeline)
        return timeline

    def compute(self, batch: Batch) -> Outcome:
        """What follows from a batch; nothing is changed until ``publish``."""
        for deadline in self._taken:
            heappush(self._deadlines, deadline)
        self._taken = []
        outcome = Outcome(max(batch.upto, self.upto))
        clock = self.upto
        touched: dict[bytes, Touched] = {}
        for record in batch.records:
            outcome.counts["in"] += 1
            clock = max(clock, record.time)
            try:
                outcome.counts[self._admit(record, clock, touched)] += 1
            except RejectedError as error:
                self._reject(record, error, outcome)
        for key in self._take_due(outcome.upto):
            try:
                self._touch(key, touched)
            except RejectedError:
                outcome.counts["poisoned"] += 1
        for key, customer in touched.items():
            self._settle(key, customer, outcome)
        outcome.counts["applied"] += outcome.counts["unknown"]
        return outcome

    def publish(self, outcome: Outcome) -> None:
        """Take over an outcome that is committed."""
        for key, snapshot in outcome.changes.items():
            self._uncount(key)
            timeline = outcome.settled[key]
            self._snapshots[key] = snapshot
            self.stages[timeline.head.stage] += 1
            self._keep(key, timeline)
            self._schedule(key, timeline.head.due)
        self._taken = []
        self.upto = outcome.upto

    def _admit(self, record: Record, clock: int, touched: dict[bytes, "Touched"]) -> str:
        event = decode(record.value, record.key, self._rules.exchange)
        fact = event.fact
        if fact is None:
            return "unknown"
        if fact.at > record.time + MOST_AHEAD:
            raise RejectedError("from_the_future", f"the event is {fact.at - record.time} ms ahead of its record")
        horizon = clock - self._lateness
        if fact.at < horizon:
            raise RejectedError("late", f"the event is {horizon - fact.at} ms older than the allowed lateness")
        customer = self._touch(record.key or b"", touched, fact.at)
        if fact.at < customer.timeline.floor:
            raise RejectedError("late", "a flood of events, or a new policy, has closed this customer's past")
        if customer.timeline.knows(fact, self._lateness) or fact.message_id in customer.arrived:
            return "duplicate"
        customer.arrived[fact.message_id] = (record, fact)
        return "applied"

    def _touch(self, key: bytes, touched: dict[bytes, "Touched"], at: int = 0) -> "Touched":
        customer = touched.get(key)
        if customer is None:
            try:
                timeline = self.timeline(key)
                published: list[Publication] = []
                if timeline is None:
                    timeline = begin(at)
                elif read_header(self._snapshots[key]).policy != self._mark:
                    timeline, published = adopt(timeline, self.upto, self._rules)
            except Exception as error:  # one customer's poison must not stop the others
                raise RejectedError("poison", f"{type(error).__name__}: {error}") from error
            customer = touched[key] = Touched(timeline, published)
        return customer

    def _settle(self, key: bytes, customer: "Touched", outcome: Outcome) -> None:
        horizon = outcome.upto - self._lateness
        try:
            facts = [fact for _, fact in customer.arrived.values()]
            timeline, published = settle(customer.timeline, facts, outcome.upto, horizon, self._rules)
            published = customer.published + published
            values = [encode(it, key.decode(), self._rules.version) for it in published]
            snapshot = dump(timeline, self._rules)
        except Exception as error:  # as above: a rule that raises is this customer's reject
            outcome.counts["applied"] -= len(customer.arrived)
            outcome.counts["poisoned"] += 1
            for record, _ in customer.arrived.values():
                self._reject(record, RejectedError("poison", f"{type(error).__name__}: {error}"), outcome)
            return
        outcome.changes[key] = snapshot
        outcome.settled[key] = timeline
        outcome.publications += [(key, it) for it in published]
        outcome.transitions += [(key, value, it.change.at) for it, value in zip(published, values, strict=True)]

    def _reject(self, record: Record, error: RejectedError, outcome: Outcome) -> None:
        outcome.counts[f"reject:{error.reason}"] += 1
        value = reject(error, record.topic, self._partition, record.offset, record.time, record.key, record.value)
        outcome.rejects.append((record.key, value, record.time))

    def _take_due(self, upto: int) -> list[bytes]:
        keys: dict[bytes, None] = {}
        while self._deadlines and self._deadlines[0][0] <= upto:
            deadline = heappop(self._deadlines)
            self._taken.append(deadline)
            if self._is_current(*deadline):
                keys[deadline[1]] = None
        return list(keys)

    def _is_current(self, due: int, key: bytes) -> bool:
        header = self._header(key)
        if header is None:
            return False
        return header.due == due if due != AT_ONCE else header.policy != self._mark

    def _schedule(self, key: bytes, due: int | None) -> None:
        if due is None:
            return
        heappush(self._deadlines, (due, key))
        if len(self._deadlines) > 2 * len(self._snapshots) + 1024:
            self._deadlines = [it for it in set(self._deadlines) if self._is_current(*it)]
            heapify(self._deadlines)

    def _keep(self, key: bytes, timeline: Timeline) -> None:
        self._decoded[key] = timeline
        self._decoded.move_to_end(key)
        if len(self._decoded) > MOST_DECODED:
            self._decoded.popitem(last=False)

    def _uncount(self, key: bytes) -> None:
        header = self._header(key)
        if header is not None:
            self.stages[header.stage] -= 1

    def _header(self, key: bytes) -> Header | None:
        # What cannot be read is kept as it is: its owner's next event says so, in a reject.
        snapshot = self._snapshots.get(key)
        try:
            return None if snapshot is None else read_header(snapshot)
        except SnapshotError:
            return None
