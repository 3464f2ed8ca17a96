"""Track: turns a batch of records into the customers, transitions and rejects that follow from it."""

from collections import Counter
from collections.abc import MutableMapping

import msgspec

from agents.batch import Batch, Outcome, Record
from agents.customer_cache import CustomerCache
from agents.deadlines import Deadlines
from schemas.change import Publication
from schemas.envelope import decode
from schemas.events import AnyFact
from schemas.reject import RejectedError, reject
from schemas.transition import encode
from state.rules.rulebook import Rulebook
from state.timeline.snapshot import Header, SnapshotError, dump, load, read_header
from state.timeline.timeline import Timeline, adopt, apply_facts, begin

MAX_AHEAD_MS = 300_000
MAX_DUE = 200
AT_ONCE = 0


class Touched(msgspec.Struct, gc=False):
    """A customer whom a batch touches: their timeline, taken out of the recent ones, and what of the batch is theirs.

    ``before`` is the header of their snapshot as of the last commit; ``records`` are those that brought the ``facts``.
    """

    timeline: Timeline
    before: Header | None
    published: list[Publication]
    facts: list[AnyFact]
    records: list[Record]
    ids: set[str]

    def knows(self, fact: AnyFact, lateness: int) -> bool:
        """Whether a fact was already sent under this one's id, at most ``lateness`` ms before or after it."""
        message_id = fact.message_id
        return (
            message_id in self.ids
            and any(it.message_id == message_id and abs(it.at - fact.at) <= lateness for it in self.facts)
        ) or self.timeline.knows(fact, lateness)

    def take(self, record: Record, fact: AnyFact) -> None:
        """Take a fact in."""
        self.facts.append(fact)
        self.records.append(record)
        self.ids.add(fact.message_id)


class Tracker:
    """The customers of one partition group.

    ``compute`` changes nothing that anyone can see; ``publish`` takes the outcome over once it
    is committed. ``snapshots`` is where the bytes of every customer are kept.
    """

    def __init__(self, rules: Rulebook, partition: int, snapshots: MutableMapping[bytes, bytes]) -> None:
        self.upto = 0
        self.stages: Counter[str] = Counter()
        self._adopted_at: int | None = None
        self._rules = rules
        self._fingerprint = rules.fingerprint
        self._lateness = rules.compiled.lateness_ms
        self._partition = partition
        self._snapshots = snapshots
        self._recent = CustomerCache()
        self._agenda = Deadlines(self._due_of)

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
        return None if snapshot is None else load(snapshot, self._rules)

    def compute(self, batch: Batch) -> Outcome:
        """What follows from a batch; nothing is changed that anyone can see until ``publish``.

        At most ``MAX_DUE`` of the customers that are due are decided at once, so that events need not wait for long:
        then ``due`` says that there are more.
        """
        self._agenda.put_back()
        if self._adopted_at is None:
            # One instant for all, however many batches it takes: what came after it is not late for anybody.
            self._adopted_at = self.upto
        outcome = Outcome(max(batch.upto, self.upto))
        counts = outcome.counts
        counts["in"] = len(batch.records)
        clock = self.upto
        touched: dict[bytes, Touched] = {}
        for record in batch.records:
            clock = max(clock, record.time)
            try:
                counts[self._admit(record, clock, touched)] += 1
            except RejectedError as error:
                self._reject(record, error, outcome)
        for key in self._agenda.take(outcome.upto, MAX_DUE):
            try:
                self._touch(key, touched)
            except RejectedError:
                counts["poisoned"] += 1
        for key, customer in touched.items():
            self._settle(key, customer, outcome)
        counts["applied"] += counts["unknown"]
        return outcome

    def publish(self, outcome: Outcome) -> None:
        """Take over an outcome that is committed."""
        stages, snapshots = self.stages, self._snapshots
        for key, (timeline, before) in outcome.settled.items():
            snapshots[key] = snapshot = outcome.changes[key]
            self._recent.keep(key, timeline, len(snapshot))
            stage, due = timeline.head.stage, timeline.head.due
            if before is None or before.stage != stage:
                stages[stage] += 1
                if before is not None:
                    stages[before.stage] -= 1
            if due is not None and (before is None or self._due_under(before) != due):
                self._agenda.add(due, key, len(snapshots))
        self._agenda.done()
        self.upto = outcome.upto

    def _admit(self, record: Record, clock: int, touched: dict[bytes, Touched]) -> str:
        event = decode(record.value, record.key, self._rules.exchange)
        fact = event.fact
        if fact is None:
            return "unknown"
        at = fact.at
        if at > record.time + MAX_AHEAD_MS:
            raise RejectedError("from_the_future", f"the event is {at - record.time} ms ahead of its record")
        horizon = clock - self._lateness
        if at < horizon:
            raise RejectedError("late", f"the event is {horizon - at} ms older than the allowed lateness")
        key = record.key or b""
        customer = touched.get(key) or self._touch(key, touched, at)
        if at < customer.timeline.closed_before:
            raise RejectedError("late", "a flood of events, or a new policy, has closed this customer's past")
        if customer.knows(fact, self._lateness):
            return "duplicate"
        customer.take(record, fact)
        return "applied"

    def _touch(self, key: bytes, touched: dict[bytes, Touched], at: int = 0) -> Touched:
        customer = touched.get(key)
        if customer is None:
            try:
                customer = touched[key] = self._taken(key, at)
            except Exception as error:  # one customer's poison must not stop the others
                raise RejectedError("poison", f"{type(error).__name__}: {error}") from error
        return customer

    def _taken(self, key: bytes, at: int) -> Touched:
        snapshot = self._snapshots.get(key)
        published: list[Publication] = []
        if snapshot is None:
            return Touched(begin(at), None, published, [], [], set())
        before = read_header(snapshot)
        # It changes in place; should the batch fail, it is read from its snapshot again.
        timeline = self._recent.take(key) or load(snapshot, self._rules)
        if before.fingerprint != self._fingerprint:
            published = adopt(timeline, self._adopted_at or 0, self._rules)
        return Touched(timeline, before, published, [], [], set())

    def _settle(self, key: bytes, customer: Touched, outcome: Outcome) -> None:
        timeline = customer.timeline
        horizon = outcome.upto - self._lateness
        try:
            published = apply_facts(timeline, customer.facts, outcome.upto, horizon, self._rules)
            published = customer.published + published
            values = [encode(it, key.decode(), self._rules.version) for it in published]
            snapshot = dump(timeline, self._rules)
        except Exception as error:  # as above: a rule that raises is this customer's reject
            outcome.counts["applied"] -= len(customer.facts)
            outcome.counts["poisoned"] += 1
            for record in customer.records:
                self._reject(record, RejectedError("poison", f"{type(error).__name__}: {error}"), outcome)
            return
        outcome.changes[key] = snapshot
        outcome.settled[key] = timeline, customer.before
        if published:
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
        return AT_ONCE if header.fingerprint != self._fingerprint else header.due

    def _header(self, key: bytes) -> Header | None:
        # What cannot be read is kept as it is: its owner's next event says so, in a reject.
        snapshot = self._snapshots.get(key)
        try:
            return None if snapshot is None else read_header(snapshot)
        except SnapshotError:
            return None
