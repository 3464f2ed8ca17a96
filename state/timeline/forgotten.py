"""Whether a fact that arrives is about an order that may be forgotten, judged at the fact's place in the timeline."""

from collections.abc import Sequence

import msgspec

from schemas.events import AnyFact, changes_order
from schemas.fact_order import in_order, place
from state.customer.customer import Customer
from state.customer.packing import pack, unpack
from state.rules.retention import is_forgotten
from state.rules.rulebook import Rulebook
from state.timeline.receive import records_like
from state.timeline.timeline import Timeline, at_base, rebuild


class Preview(msgspec.Struct):
    """A copy of a customer to which facts that have arrived are applied already; ``applied`` is how many."""

    customer: Customer
    applied: int
    last: AnyFact


class Judgement(msgspec.Struct):
    """The judgement of the facts of one batch about one customer, who does not change meanwhile.

    Facts that come in order are judged by a preview, which each of them carries on.
    """

    preview: Preview | None = None

    def why_forgotten(
        self, timeline: Timeline, arrived: Sequence[AnyFact], fact: AnyFact, rules: Rulebook
    ) -> str | None:
        """Return in a sentence why a fact is refused, or None; the timeline does not have the facts in ``arrived``."""
        if not changes_order(fact):
            return None
        why = self._why(timeline, arrived, fact, rules)
        return None if why is None or _is_known(timeline, arrived, fact, rules.compiled.lateness_ms) else why

    def _why(self, timeline: Timeline, arrived: Sequence[AnyFact], fact: AnyFact, rules: Rulebook) -> str | None:
        tail, forgetting = timeline.tail.facts, rules.forgetting
        if rules.forgets or is_forgotten(timeline.head):
            return _why_of_what_is_kept(timeline, [*tail, *arrived], fact, rules)
        comes_last = not timeline.stale and (not tail or place(fact) > place(tail[-1]))
        if comes_last and not arrived:
            return forgetting.why(timeline.head, fact)
        others = [*tail, *arrived]
        if not forgetting.is_possible(timeline.head, others, fact):
            return None
        customer = self._in_order(timeline, arrived, fact, rules) if comes_last else None
        if customer is None:
            earlier = [it for it in others if place(it) < place(fact)]
            if timeline.base is None and not earlier:
                return None
            customer = _before(timeline, in_order(earlier), rules)
        return forgetting.why(customer, fact)

    def _in_order(
        self, timeline: Timeline, arrived: Sequence[AnyFact], fact: AnyFact, rules: Rulebook
    ) -> Customer | None:
        preview, tail = self.preview, timeline.tail.facts
        if preview is not None and (len(arrived) < preview.applied or arrived[preview.applied - 1] is not preview.last):
            preview = self.preview = None
        new = arrived[0 if preview is None else preview.applied :]
        before = tail[-1:] if preview is None else [preview.last]
        places = [place(it) for it in (*before, *new, fact)]
        if places != sorted(places):
            return None
        if preview is None:
            preview = self.preview = Preview(unpack(pack(timeline.head)), 0, fact)
        for it in new:
            rules.apply_event(preview.customer, it)
            preview.applied, preview.last = preview.applied + 1, it
        return preview.customer


def _is_known(timeline: Timeline, arrived: Sequence[AnyFact], fact: AnyFact, lateness: int) -> bool:
    """Tell whether a fact is a further record of an event that counts."""
    return any(abs(it.at - fact.at) <= lateness for it in records_like(timeline, arrived, fact))


def _why_of_what_is_kept(timeline: Timeline, others: Sequence[AnyFact], fact: AnyFact, rules: Rulebook) -> str | None:
    """Judge a fact where customers may have been forgotten before it: what they had ordered is no order of theirs."""
    earlier = [it for it in others if place(it) < place(fact)]
    if timeline.base is None and not earlier:
        return None
    customer = rebuild(timeline, in_order(earlier), fact.at, rules, [], (), [])
    return None if is_forgotten(customer) else rules.forgetting.why(customer, fact)


def _before(timeline: Timeline, earlier: Sequence[AnyFact], rules: Rulebook) -> Customer:
    customer = at_base(timeline.base, earlier, rules)
    for it in earlier:
        rules.apply_event(customer, it)
    return customer
