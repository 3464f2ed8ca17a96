"""The tracker: the customers of one partition group, and what a batch of records does to them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from functools import partial

from agents.batch import Batch, Outcome, Record
from agents.customer_cache import CustomerCache
from agents.deadlines import Deadlines
from agents.forgetting import Forgetting
from agents.placement import Placement
from agents.record_events import RecordReader, events_of
from agents.record_reject import reject_of
from agents.touched_customer import TouchedCustomer
from schemas.envelope import Event
from schemas.forget_request import REQUEST_KEY
from schemas.reject import RejectedError
from schemas.transition import encode
from state.rules.bounds_told import UNKNOWN_ORDER
from state.rules.rulebook import Rulebook
from state.timeline.existence import makes_exist, unknown_customer
from state.timeline.snapshot import Header, dump, known_header, load, read_header
from state.timeline.timeline import Timeline, adopt, apply_facts, begin

MAX_AHEAD_MS = 300_000
MAX_DUE = 200
AT_ONCE = 0


class Tracker:
    """The customers of one partition group.

    ``compute`` changes nothing that others can see; ``apply`` takes its outcome over once that is committed.
    ``table`` is the group's share of the Faust table ``customers``: customer key to snapshot. It is written here and
    nowhere else, and only with what the changelog has. ``readers`` are those of the topics in another shape.
    ``for_accounts``: the outcomes have the events of accounts too. ``partition_of`` tells where the records of a key
    belong; without it, nobody checks that.
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
    ) -> None:
        self.upto = 0
        self.stages: Counter[str] = Counter()
        """How many customers are in each lifecycle stage."""
        self._policy_taken_at: int | None = None
        self._rules = rules
        self._fingerprint = rules.fingerprint
        self._lateness = rules.compiled.lateness_ms
        self._partition = partition
        self._table = table
        self._readers = readers or {}
        self._for_accounts = for_accounts
        self._placement = Placement(partition, partition_of)
        self._of_accounts = rules.intake.of_accounts
        self._forgetting = Forgetting(rules.version, self._lateness, of_accounts=self._of_accounts)
        self._cache = CustomerCache()
        self._deadlines = Deadlines(self._due_of)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take over one record of the changelog, or nothing of it: raises ``StoredVersionError``."""
        if self._forgetting.restore(key, value):
            return
        header = known_header(value)
        before = self._header(key)
        if before is not None:
            self.stages[before.stage] -= 1
        self._cache.forget(key)
        if value is None:
            self._table.pop(key, None)
            return
        self._table[key] = value
        if header is not None:
            self.stages[header.stage] += 1
            due = self._due_under(header)
            if due is not None:
                self._deadlines.add(due, key, len(self._table))

    def due(self) -> int | None:
        """Return when to look again (ms since 1970): never later than the earliest deadline."""
        return self._deadlines.first()

    def keys(self) -> Iterable[bytes]:
        """Return the key of every customer."""
        return self._table.keys()

    def snapshot(self, key: bytes) -> bytes | None:
        """Return a customer's snapshot as of the last commit."""
        return self._table.get(key)

    def timeline(self, key: bytes) -> Timeline | None:
        """Return a customer as of the last commit. Raises ``SnapshotError`` when the bytes cannot be read."""
        if (timeline := self._cache.get(key)) is not None:
            return timeline
        snapshot = self._table.get(key)
        return None if snapshot is None else load(snapshot, self._rules, key.decode())

    def compute(self, batch: Batch) -> Outcome:
        """Return what follows from a batch; change nothing that others can see before ``apply``.

        At most ``MAX_DUE`` of the customers that are due are decided at once, so that events need not wait for long:
        then ``due`` says that there are more.
        """
        self._deadlines.put_back()
        if self._policy_taken_at is None:
            # One instant for all customers, however many batches a new policy takes, so that no later event is late for
            # any of them.
            self._policy_taken_at = self.upto
        outcome = Outcome(max(batch.upto, self.upto))
        clock = self.upto
        touched: dict[bytes, TouchedCustomer] = {}
        for record in batch.records:
            clock = max(clock, record.time)
            self._take(record, clock, touched, outcome)
        for key in self._deadlines.take(outcome.upto, MAX_DUE):
            try:
                if key not in outcome.gone:
                    self._touch(key, touched, outcome)
            except RejectedError:
                outcome.counts["poisoned"] += 1
        for key, customer in touched.items():
            self._decide(key, customer, outcome)
        return outcome

    def apply(self, outcome: Outcome) -> None:
        """Take over an outcome that is committed."""
        stages, table, fingerprint = self.stages, self._table, self._fingerprint
        for key, gone in outcome.gone.items():
            table.pop(key, None)
            self._cache.forget(key)
            if gone is not None:
                stages[gone.stage] -= 1
        self._forgetting.apply(outcome)
        for key, (timeline, before) in outcome.customers.items():
            table[key] = snapshot = outcome.changes[key] or b""
            self._cache.keep(key, timeline, len(snapshot))
            stage, due = timeline.head.stage, timeline.head.due
            if before is None or before.stage != stage:
                stages[stage] += 1
                if before is not None:
                    stages[before.stage] -= 1
            if due is not None and (before is None or before.due != due or before.fingerprint != fingerprint):
                self._deadlines.add(due, key, len(table))
        self._deadlines.done()
        self.upto = outcome.upto

    def _take(self, record: Record, clock: int, touched: dict[bytes, TouchedCustomer], outcome: Outcome) -> None:
        counts, readers = outcome.counts, self._readers
        reader = readers.get(record.topic) if readers else None
        if reader is None and record.key == REQUEST_KEY:
            settled = partial(self._settled, touched=touched, outcome=outcome)
            if (refused := self._forgetting.carry_out(record, clock, settled, outcome)) is not None:
                self._reject(record, refused, outcome)
            return
        mapped = None if reader is None else reader(record)
        found = events_of(record, mapped, self._rules.intake)
        if self._for_accounts:
            self._forgetting.tell_accounts(record, mapped, outcome)
        counts["in"] += len(found)
        for part, event in found:
            if type(event) is Event:  # an isinstance that is false costs five times as much
                try:
                    counts[self._admit(part, event, clock, touched, outcome)] += 1
                except RejectedError as error:
                    self._reject(part, error, outcome)
            elif isinstance(event, RejectedError):
                self._reject(part, event, outcome)

    def _admit(
        self, record: Record, event: Event, clock: int, touched: dict[bytes, TouchedCustomer], outcome: Outcome
    ) -> str:
        key = event.user_id.encode()
        # Also for customers who are there already: an older version may have taken them in.
        if self._placement.is_wrong(key):
            outcome.misplaced[record.topic] += 1
            raise self._placement.misplaced(key)
        fact = event.fact
        if fact is None:
            outcome.unknown_names[event.unknown_name or ""] += 1
            return "applied"
        at = fact.at
        self._forgetting.check(event.user_id, at, clock, outcome)
        if at > record.time + MAX_AHEAD_MS:
            raise RejectedError("from_the_future", f"the event is {at - record.time} ms ahead of its record")
        horizon = clock - self._lateness
        if at < horizon:
            raise RejectedError("late", f"the event is {horizon - at} ms older than the allowed lateness")
        customer = touched.get(key)
        if customer is None:
            if not makes_exist(fact) and (key not in self._table or key in outcome.gone):
                raise unknown_customer()
            customer = self._touch(key, touched, outcome, at)
        if at < customer.timeline.closed_before:
            raise RejectedError("late", "a flood of events, or a new policy, has closed this customer's past")
        counted = customer.receive(record, fact, self._rules)
        for bound in event.bounds:
            outcome.bounds[bound] += 1
        return counted

    def _settled(self, key: bytes, touched: dict[bytes, TouchedCustomer], outcome: Outcome) -> Timeline | None:
        """Decide what has come of a customer so far and take them out of the outcome; None if nothing can be read.

        So what is told of somebody who is forgotten does not depend on how records fall into batches.
        """
        if key in touched or (key in self._table and key not in outcome.gone):
            try:
                self._touch(key, touched, outcome)
                self._decide(key, touched.pop(key), outcome)
            except RejectedError:
                outcome.counts["poisoned"] += 1
            outcome.gone.setdefault(key, self._header(key))
        return outcome.customers.pop(key, (None, None))[0]

    def _touch(
        self, key: bytes, touched: dict[bytes, TouchedCustomer], outcome: Outcome, at: int = 0
    ) -> TouchedCustomer:
        customer = touched.get(key)
        if customer is None:
            try:
                customer = touched[key] = self._taken_out(key, at, key in outcome.gone)
            except Exception as error:  # one unreadable customer must not stop the others
                raise RejectedError("poison", f"{type(error).__name__}: {error}") from error
        return customer

    def _taken_out(self, key: bytes, at: int, is_gone: bool) -> TouchedCustomer:
        snapshot = None if is_gone else self._table.get(key)
        if snapshot is None:
            return TouchedCustomer(begin(at, key.decode(), self._rules.first_stage), None, [])
        before = read_header(snapshot)
        # It changes in place; should the batch fail, it is read from its snapshot again.
        timeline = self._cache.take(key) or load(snapshot, self._rules, key.decode())
        is_new = before.fingerprint != self._fingerprint
        publications = adopt(timeline, self._policy_taken_at or 0, self._rules) if is_new else []
        return TouchedCustomer(timeline, before, publications)

    def _decide(self, key: bytes, customer: TouchedCustomer, outcome: Outcome) -> None:
        timeline = customer.timeline
        horizon = outcome.upto - self._lateness
        told: list[str] = []
        try:
            publications = customer.publications + apply_facts(
                timeline, customer.facts, outcome.upto, horizon, self._rules, told
            )
            values = [
                encode(it, key.decode(), self._rules.version, of_account=self._of_accounts) for it in publications
            ]
            snapshot = dump(timeline, self._rules)
        except Exception as error:  # as above: a rule that raises is this customer's reject
            outcome.counts["applied"] -= len(customer.records)
            outcome.counts["poisoned"] += 1
            for record in customer.records:
                self._reject(record, RejectedError("poison", f"{type(error).__name__}: {error}"), outcome)
            return
        for it in told:
            (outcome.counts if it == UNKNOWN_ORDER else outcome.bounds)[it] += 1
        outcome.take(key, None if timeline.is_gone(outcome.upto) else snapshot, timeline, customer.before)
        if publications:
            outcome.publications += [(key, it) for it in publications]
            outcome.transitions += [(key, value, it.change.at) for it, value in zip(publications, values, strict=True)]

    def _reject(self, record: Record, error: RejectedError, outcome: Outcome) -> None:
        outcome.rejected[error.reason] += 1
        outcome.rejects.append(reject_of(record, error, self._partition))

    def _due_of(self, key: bytes) -> int | None:
        header = self._header(key)
        return None if header is None else self._due_under(header)

    def _due_under(self, header: Header) -> int | None:
        return AT_ONCE if header.fingerprint != self._fingerprint else header.due

    def _header(self, key: bytes) -> Header | None:
        return known_header(self._table.get(key))
