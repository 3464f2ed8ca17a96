"""A touched customer: one whom a batch concerns, and what of the batch does."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from agents.batch import Record
from agents.record_reject import poison
from schemas.change import Publication
from schemas.events import AnyFact, RepublishRequested, changes_order
from schemas.reject import RejectedError
from state.rules.rulebook import Rulebook
from state.timeline.existence import exists_before, unknown_customer
from state.timeline.forgotten import Judgement
from state.timeline.receive import Receipt, receive
from state.timeline.records_of_event import Conflict
from state.timeline.snapshot import Header
from state.timeline.timeline import Timeline, apply_facts


class Arrival(msgspec.Struct, gc=False):
    """A fact that a record of the batch brings, and the bounds that cut off something of it."""

    record: Record
    fact: AnyFact
    bounds: Sequence[str]


class TouchedCustomer(msgspec.Struct, gc=False):
    """A customer whom a batch touches: their timeline, and what of the batch concerns them.

    ``before`` is the header of their snapshot as of the last commit. ``facts`` have arrived and are not applied yet;
    ``ids`` are the messageIds of all that arrived, ``records`` those that counted as applied.
    """

    timeline: Timeline
    before: Header | None
    publications: list[Publication]
    facts: list[AnyFact] = []
    records: list[Record] = []
    ids: set[str] = set()
    judgement: Judgement | None = None

    def receive(
        self, arrived: Sequence[Arrival], rules: Rulebook, counts: Counter[str], bounds: Counter[str]
    ) -> Sequence[tuple[Record, RejectedError]]:
        """Take what has arrived, and count it and the bounds that held; return the records refused, and why."""
        refused: list[tuple[Record, RejectedError]] = []
        for arrival in arrived:
            try:
                counts[self._receive(arrival, rules)] += 1
            except RejectedError as error:
                refused.append((arrival.record, error))
                continue
            except Exception as error:  # the base and the tail are decoded only now
                refused.append((arrival.record, poison(error)))
                continue
            for bound in arrival.bounds:
                bounds[bound] += 1
        return refused

    def decide(self, upto: int, rules: Rulebook, told: list[str]) -> list[Publication]:
        """Decide what has arrived and what is due by ``upto``; return what is published, and add what is told."""
        horizon = upto - rules.compiled.lateness_ms
        return self.publications + apply_facts(self.timeline, self.facts, upto, horizon, rules, told)

    def _receive(self, arrival: Arrival, rules: Rulebook) -> str:
        """Return what a record counts as. Raises ``RejectedError``."""
        fact, timeline = arrival.fact, self.timeline
        if fact.at < timeline.closed_before:
            raise RejectedError("late", "a flood of events, or a new policy, has closed this customer's past")
        message_id = fact.message_id
        if changes_order(fact):
            self._check_remembered(fact, rules)
        if type(fact) is RepublishRequested and not exists_before(timeline, self.facts, fact, rules):
            raise unknown_customer()
        ids = self.ids
        known = message_id in ids or timeline.tail.has_id(message_id)
        ids.add(message_id)
        if known:
            receipt = receive(timeline, self.facts, fact, rules.compiled.lateness_ms)
            if isinstance(receipt, Conflict):
                raise RejectedError("conflict", receipt.detail())
            if receipt is not Receipt.APPLIED:
                return "duplicate"
        else:
            self.facts.append(fact)
        self.records.append(arrival.record)
        return "applied"

    def _check_remembered(self, fact: AnyFact, rules: Rulebook) -> None:
        if self.judgement is None:
            self.judgement = Judgement()
        why = self.judgement.why_forgotten(self.timeline, self.facts, fact, rules)
        if why is not None:
            raise RejectedError("forgotten", why)
