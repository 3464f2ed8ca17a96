"""Track: turns a batch of records into the customers, transitions and rejects that follow from it."""

from collections import Counter
from collections.abc import MutableMapping
from dataclasses import dataclass, field

from agents.agenda import Agenda
from agents.batch import Batch, Outcome, Record
from agents.recent import Recent
from schemas.envelope import decode
from schemas.events import AnyFact
from schemas.message import encode
from schemas.reject import RejectedError, reject
from schemas.transition import Publication
from state.rulebook import Rulebook
from state.snapshot import Header, SnapshotError, dump, read_header, restore
from state.timeline import Timeline, adopt, begin, settle

MOST_AHEAD = 300_000
MOST_DUE = 500
AT_ONCE = 0


@dataclass(slots=True)
class Touched:
    """A customer that a batch touches: as of the last commit, and what of the batch is theirs by messageId."""

    timeline: Timeline
    published: list[Publication]
    arrived: dict[str, list[tuple[Record, AnyFact]]] = field(default_factory=dict)

    def knows(self, fact: AnyFact, lateness: int) -> bool:
        """Whether a fact was already sent under this one's id, at most ``lateness`` ms before or after it."""
        arrived = self.arrived.get(fact.message_id, ())
        return any(abs(it.at - fact.at) <= lateness for _, it in arrived) or self.timeline.knows(fact, lateness)

    def admitted(self) -> list[tuple[Record, AnyFact]]:
        """What of the batch is taken in, with the records that brought it."""
        return [it for of_id in self.arrived.values() for it in of_id]


class Tracker:
    """The customers of one partition group.

    ``compute`` works on copies and changes nothing that anyone can see; ``publish`` takes the outcome over once it
    is committed. ``snapshots`` is where the bytes of every customer are kept.
    """

    def __init__(self, rules: Rulebook, partition: int, snapshots: MutableMapping[bytes, bytes]) -> None:
        self.upto = 0
        self.stages: Counter[str] = Counter()
        self._adopted_at: int | None = None
        self._rules = rules
        self._mark = rules.mark
        self._lateness = rules.compiled.lateness_ms
        self._partition = partition
        self._snapshots = snapshots
        self._recent = Recent()
        self._agenda = Agenda(self._due_of)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the changelog."""
        before = self._header(key)
        if before is not None:
            self.stages[before.stage] -= 1
        self._recent.forget(key)
        if value is None:
            self._snapshots.pop(key, None)
            return
        self._snapshots[key] = value
        header = self._header(key)
        if header is not None:
            self.stages[header.stage] += 1
            due = self._due_under(header)
            if due is not None:
                self._agenda.add(due, key, len(self._snapshots))

    def due(self) -> int | None:
        """When to look again (ms since 1970): never later than the earliest deadline."""
        return self._agenda.first()

    def timeline(self, key: bytes) -> Timeline | None:
        """A customer as of the last commit. Raises ``SnapshotError`` when the bytes cannot be read."""
        timeline = self._recent.get(key)
        if timeline is not None:
            return timeline
        snapshot = self._snapshots.get(key)
        return None if snapshot is None else restore(snapshot, self._rules)

    def compute(self, batch: Batch) -> Outcome:
        """What follows from a batch; nothing is changed until ``publish``.

        At most ``MOST_DUE`` of the customers that are due are decided at once, so that events need not wait for long:
        then ``due`` says that there are more.
        """
        self._agenda.put_back()
        if self._adopted_at is None:
            # One instant for all, however many batches it takes: what came after it is not late for anybody.
            self._adopted_at = self.upto
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
        for key in self._agenda.take(outcome.upto, MOST_DUE):
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
            timeline = outcome.settled[key]
            head = timeline.head
            before = self._header(key)
            if before is not None:
                self.stages[before.stage] -= 1
            self.stages[head.stage] += 1
            self._snapshots[key] = snapshot
            self._recent.keep(key, timeline, len(snapshot))
            noted = before is not None and self._due_under(before) == head.due
            if head.due is not None and not noted:
                self._agenda.add(head.due, key, len(self._snapshots))
        self._agenda.done()
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
        if customer.knows(fact, self._lateness):
            return "duplicate"
        customer.arrived.setdefault(fact.message_id, []).append((record, fact))
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
                    timeline, published = adopt(timeline, self._adopted_at or 0, self._rules)
            except Exception as error:  # one customer's poison must not stop the others
                raise RejectedError("poison", f"{type(error).__name__}: {error}") from error
            customer = touched[key] = Touched(timeline, published)
        return customer

    def _settle(self, key: bytes, customer: "Touched", outcome: Outcome) -> None:
        horizon = outcome.upto - self._lateness
        try:
            facts = [fact for _, fact in customer.admitted()]
            timeline, published = settle(customer.timeline, facts, outcome.upto, horizon, self._rules)
            published = customer.published + published
            values = [encode(it, key.decode(), self._rules.version) for it in published]
            snapshot = dump(timeline, self._rules)
        except Exception as error:  # as above: a rule that raises is this customer's reject
            outcome.counts["applied"] -= len(customer.admitted())
            outcome.counts["poisoned"] += 1
            for record, _ in customer.admitted():
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

    def _due_of(self, key: bytes) -> int | None:
        header = self._header(key)
        return None if header is None else self._due_under(header)

    def _due_under(self, header: Header) -> int | None:
        return AT_ONCE if header.policy != self._mark else header.due

    def _header(self, key: bytes) -> Header | None:
        # What cannot be read is kept as it is: its owner's next event says so, in a reject.
        snapshot = self._snapshots.get(key)
        try:
            return None if snapshot is None else read_header(snapshot)
        except SnapshotError:
            return None
