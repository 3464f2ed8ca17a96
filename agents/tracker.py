"""The tracker: the customers of one partition group, and what a batch of records does to them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import partial

from agents.adoption import Adoption
from agents.batch import Batch, Outcome, Record
from agents.deadlines import Deadlines
from agents.forgetting import Forgetting, check_reserved
from agents.lateness import Lateness
from agents.placement import Placement
from agents.record_events import RecordReader, events_of
from agents.record_reject import poison, reject_of
from agents.touched_customer import Arrival, TouchedCustomer
from schemas.envelope import Event
from schemas.forget_request import REQUEST_KEY
from schemas.reject import RejectedError
from schemas.transition import encode
from state.rules.bounds_told import UNKNOWN_ORDER
from state.rules.rulebook import Rulebook
from state.timeline.existence import makes_exist, unknown_customer
from state.timeline.snapshot import Header, dump, known_header, load, read_header
from state.timeline.timeline import Timeline, begin

MAX_DUE = 200

Arrivals = dict[bytes, list[Arrival]]
"""What a batch brings for each of the customers whom it touches, by customer key."""


class Tracker:
    """The customers of one partition group.

    ``compute`` changes nothing that others can see; ``apply`` takes its outcome over once that is committed.
    ``table`` is the group's share of the Faust table ``customers``: customer key to snapshot. It is written here and
    nowhere else, and only with what the changelog has. ``readers`` are those of the topics in another shape.
    ``for_accounts``: the outcomes have the events of accounts too. ``partition_of`` tells where the records of a key
    belong (None: it is not checked). ``published``: the rules that may have decided customers before, by fingerprint.
    """

    def __init__(
        self,
        rules: Rulebook,
        partition: int,
        table: MutableMapping[bytes, bytes],
        readers: Mapping[str, RecordReader] | None = None,
        *,
        for_accounts: bool = False,
        partition_of: Callable[[bytes], int] | None = None,
        published: Mapping[bytes, Rulebook] | None = None,
    ) -> None:
        self.upto = 0
        self.stages: Counter[str] = Counter()
        """How many customers are in each lifecycle stage."""
        self._partition = partition
        self._table = table
        self._readers = readers or {}
        self._for_accounts = for_accounts
        self._placement = Placement(partition, partition_of)
        self._of_accounts = rules.intake.of_accounts
        self._forgetting = Forgetting(of_accounts=self._of_accounts)
        self._deadlines = Deadlines(self._due_of)
        self._adoption = Adoption(published or {})
        self._lateness = Lateness()
        self.enforce(rules, None)

    def enforce(self, rules: Rulebook, since: int | None, *, silently: bool = False, closes_past: bool = False) -> None:
        """Decide by these rules from the next batch on; customers decided by others are put under them at ``since``.

        ``since`` is in ms since 1970; None: as far as the group has come. ``closes_past``: no earlier fact counts.
        """
        self._rules, self._fingerprint = rules, rules.fingerprint
        self._lateness.enforce(rules, since if closes_past else None)
        self._adoption.begin(rules, since, silently=silently)
        self._forgetting.enforce(rules)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the changelog, or nothing of it: raises ``StoredVersionError``."""
        if self._forgetting.restore(key, value):
            return
        header = known_header(value)
        before = known_header(self._table.get(key))
        if before is not None:
            self.stages[before.stage] -= 1
            self._adoption.gone(before)
        if value is None:
            self._table.pop(key, None)
            return
        self._table[key] = value
        if header is not None:
            self.stages[header.stage] += 1
            self._adoption.restored(header)
            if header.due is not None:
                self._deadlines.add(header.due, key, len(self._table))

    def due(self) -> int | None:
        """Return when to look again (ms since 1970): never later than the earliest deadline."""
        return 0 if self._adoption.is_under_way() else self._deadlines.first()

    def keys(self) -> Iterable[bytes]:
        """Return the key of every customer."""
        return self._table.keys()

    def snapshot(self, key: bytes) -> bytes | None:
        """Return a customer's snapshot as of the last commit."""
        return self._table.get(key)

    def timeline(self, key: bytes) -> Timeline | None:
        """Return a customer as of the last commit. Raises ``SnapshotError`` when the bytes cannot be read."""
        snapshot = self._table.get(key)
        return None if snapshot is None else load(snapshot, self.rules_of(key), key.decode())

    def rules_of(self, key: bytes) -> Rulebook:
        """Return the rules by which a customer was decided last, as far as they are known."""
        return self._adoption.rules_of(known_header(self._table.get(key)))

    def compute(self, batch: Batch) -> Outcome:
        """Return what follows from a batch; change nothing that others can see before ``apply``.

        At most ``MAX_DUE`` of the customers that are due are decided at once, so that events need not wait for long:
        then ``due`` says that there are more.
        """
        self._deadlines.put_back()
        self._adoption.put_back()
        outcome = Outcome(max(batch.upto, self.upto))
        behind = self._adoption.take(self._table, self.upto, MAX_DUE)  # first: from then on it is known as of when
        arrivals: Arrivals = {}
        self._take(batch.records, arrivals, outcome)
        for key in behind or self._deadlines.take(outcome.upto, MAX_DUE):
            if key not in outcome.gone:
                arrivals.setdefault(key, [])
        for key in list(arrivals):
            self._decide(key, arrivals.pop(key), outcome.upto, outcome)
        return outcome

    def apply(self, outcome: Outcome) -> None:
        """Take over an outcome that is committed."""
        stages, table, fingerprint = self.stages, self._table, self._fingerprint
        for key, gone in outcome.gone.items():
            table.pop(key, None)
            if gone is not None:
                stages[gone.stage] -= 1
                self._adoption.gone(gone)
        self._forgetting.apply(outcome)
        for key, (after, before) in outcome.customers.items():
            table[key] = outcome.changes[key] or b""
            if before is None or before.fingerprint != fingerprint:
                self._adoption.decided(before)
            stage, due = after.stage, after.due
            if before is None or before.stage != stage:
                stages[stage] += 1
                if before is not None:
                    stages[before.stage] -= 1
            if due is not None and (before is None or before.due != due or before.fingerprint != fingerprint):
                self._deadlines.add(due, key, len(table))
        self._deadlines.done()
        self._adoption.done()
        self.upto = outcome.upto

    def _take(self, records: Sequence[Record], arrivals: Arrivals, outcome: Outcome) -> None:
        counts, readers, clock = outcome.counts, self._readers, self.upto
        for record in records:
            clock = max(clock, record.time)
            reader = readers.get(record.topic) if readers else None
            if reader is None and record.key == REQUEST_KEY:
                settled = partial(self._settled, now=clock, arrivals=arrivals, outcome=outcome)
                if (refused := self._forgetting.carry_out(record, clock, settled, outcome)) is not None:
                    self._reject(record, refused, outcome)
                continue
            mapped = None if reader is None else reader(record)
            found = events_of(record, mapped, self._rules.intake)
            if self._for_accounts:
                self._forgetting.tell_accounts(record, mapped, outcome)
            counts["in"] += len(found)
            for part, event in found:
                if type(event) is Event:  # an isinstance that is false costs five times as much
                    try:
                        self._admit(part, event, clock, arrivals, outcome)
                    except RejectedError as error:
                        self._reject(part, error, outcome)
                elif isinstance(event, RejectedError):
                    self._reject(part, event, outcome)

    def _admit(self, record: Record, event: Event, clock: int, arrivals: Arrivals, outcome: Outcome) -> None:
        """Put an event among the arrivals of its customer, if it may count whatever is known of them."""
        key = event.user_id.encode()
        # Also for customers who are there already: an older version may have taken them in.
        if self._placement.is_wrong(key):
            outcome.misplaced[record.topic] += 1
            raise self._placement.misplaced(key)
        fact = event.fact
        if fact is None:
            outcome.unknown_names[event.unknown_name or ""] += 1
            outcome.counts["applied"] += 1
            return
        at = fact.at
        if outcome.marks or self._forgetting.marks.stored:
            self._forgetting.check(key, at, clock, outcome)
        self._lateness.check(at, record.time, clock)
        arrived = arrivals.get(key)
        if arrived is None:
            check_reserved(event.user_id)
            if not makes_exist(fact) and (key not in self._table or key in outcome.gone):
                raise unknown_customer()
            arrived = arrivals[key] = []
        arrived.append(Arrival(record, fact, event.bounds))

    def _settled(self, key: bytes, now: int, arrivals: Arrivals, outcome: Outcome) -> Timeline | None:
        """Decide what has come of a customer by now and take them out of the outcome; None if nothing is kept.

        So what is told of somebody who is forgotten does not depend on how records fall into batches.
        """
        timeline = None
        arrived = arrivals.pop(key, None)
        if arrived is not None or (key in self._table and key not in outcome.gone):
            timeline = self._decide(key, arrived or [], now, outcome)
            outcome.customers.pop(key, None)
            outcome.gone.setdefault(key, known_header(self._table.get(key)))
        return timeline

    def _decide(self, key: bytes, arrived: Sequence[Arrival], upto: int, outcome: Outcome) -> Timeline | None:
        """Put into the outcome what becomes of a customer by what has arrived and by ``upto``; return whom it keeps.

        Each customer is let go before the next is read, so that what they are made of stays in the processor's cache.
        """
        rules = self._rules
        try:
            customer = self._taken_out(key, arrived[0].fact.at if arrived else 0, key in outcome.gone)
        except Exception as error:  # one unreadable customer must not stop the others
            self._refuse([it.record for it in arrived], error, outcome)
            return None
        for record, refused in customer.receive(arrived, rules, outcome.counts, outcome.bounds):
            self._reject(record, refused, outcome)
        timeline = customer.timeline
        told: list[str] = []  # list[str]() costs three times as much
        try:
            publications = customer.decide(upto, rules, told)
            values = [encode(it, key.decode(), rules.version, of_account=self._of_accounts) for it in publications]
            snapshot = dump(timeline, rules)
        except Exception as error:  # as above: a rule that raises is this customer's reject
            outcome.counts["applied"] -= len(customer.records)
            self._refuse(customer.records, error, outcome)
            return None
        for it in told:
            (outcome.counts if it == UNKNOWN_ORDER else outcome.bounds)[it] += 1
        after = None if timeline.is_gone(upto) else Header(timeline.head.stage, timeline.head.due, self._fingerprint)
        outcome.take(key, snapshot, after, customer.before)
        if publications:  # most events change nothing that is published
            outcome.publications += [(key, it) for it in publications]
            outcome.transitions += [(key, value, it.change.at) for it, value in zip(publications, values, strict=True)]
        return timeline if after else None

    def _taken_out(self, key: bytes, at: int, is_gone: bool) -> TouchedCustomer:
        snapshot = None if is_gone else self._table.get(key)
        if snapshot is None:
            return TouchedCustomer(begin(at, key.decode(), self._rules.first_stage), None, [])
        before = read_header(snapshot)
        is_behind = before.fingerprint != self._fingerprint
        rules = self._adoption.rules_of(before) if is_behind else self._rules
        timeline = load(snapshot, rules, key.decode())
        return TouchedCustomer(timeline, before, self._adoption.adopt(timeline) if is_behind else [])

    def _refuse(self, records: Sequence[Record], error: Exception, outcome: Outcome) -> None:
        outcome.counts["poisoned"] += 1
        for record in records:
            self._reject(record, poison(error), outcome)

    def _reject(self, record: Record, error: RejectedError, outcome: Outcome) -> None:
        outcome.rejected[error.reason] += 1
        outcome.rejects.append(reject_of(record, error, self._partition))

    def _due_of(self, key: bytes) -> int | None:
        header = known_header(self._table.get(key))
        return None if header is None else header.due
