"""A customer whom a batch touches: the timeline at work, and what has arrived for it."""

import msgspec

from agents.batch import Record
from schemas.change import Publication
from schemas.events import AnyFact
from state.timeline.receive import Receipt, receive
from state.timeline.records_of_event import Conflict
from state.timeline.snapshot import Header
from state.timeline.timeline import Timeline


class TouchedCustomer(msgspec.Struct, gc=False):
    """A customer whom a batch touches: their timeline, taken out of the cache, and what of the batch concerns them.

    ``before`` is the header of their snapshot as of the last commit. ``facts`` have arrived and are not applied yet;
    ``ids`` are the messageIds of all that arrived, ``records`` those that counted as applied.
    """

    timeline: Timeline
    before: Header | None
    publications: list[Publication]
    facts: list[AnyFact] = []
    records: list[Record] = []
    ids: set[str] = set()

    def receive(self, record: Record, fact: AnyFact, lateness: int) -> Receipt | Conflict:
        """Take a fact of the batch."""
        message_id = fact.message_id
        receipt: Receipt | Conflict = Receipt.APPLIED
        if message_id in self.ids or self.timeline.has_id(message_id):
            receipt = receive(self.timeline, self.facts, fact, lateness)
        else:
            self.facts.append(fact)
        self.ids.add(message_id)
        if receipt is Receipt.APPLIED:
            self.records.append(record)
        return receipt
