"""The groupings of customers: a policy's ladders, and then its segments.

Segments may ask for the steps of ladders and for the segments declared before them. They are decided in layers, each of
which asks for those before it only, and what they change is told in the order of the policy.
"""

from collections.abc import Callable, Container, Sequence

from schemas.change import Cause
from state.customer.customer import Customer
from state.customer.parts import ALL_PARTS, SEGMENTS, STEPS
from state.policy.compiled import CompiledPolicy
from state.policy.segment_layers import segment_layers
from state.rules.decision import Outcome, ReasonedChange
from state.rules.ladder import NO_SUCH_LADDER, Ladder, left
from state.rules.segments import SegmentRules, segment_rules


def groupings_of(compiled: CompiledPolicy) -> "Groupings":
    """Return all groupings of a policy."""
    remembered = compiled.remembered_segments
    segments = segment_rules(compiled.segments, remembered)
    layers = segment_layers(compiled.segments)
    rules = [segments] if len(layers) == 1 else [segment_rules(it, remembered) for it in layers]
    ladders = [Ladder(it, compiled.remembered_steps) for it in compiled.ladders]
    return Groupings(ladders, segments, rules, compiled.remembered_steps)


class Groupings:
    """Ladders and segments, decided in their order: all of them, or those that an event can affect."""

    def __init__(
        self,
        ladders: Sequence[Ladder],
        segments: SegmentRules,
        layers: Sequence[SegmentRules],
        remembered: Container[str],
        parts: int = ALL_PARTS,
    ) -> None:
        self._ladders = ladders
        self._segments = segments
        self._layers = layers
        self._remembered = remembered
        self._places = {key: place for place, key in enumerate(segments.keys)} if len(layers) > 1 else {}
        self._parts = parts
        self._touched: dict[int, Groupings | SegmentRules] = {}
        self.is_empty = not ladders and segments.is_empty

    def touched_by(self, parts: int) -> "Groupings | SegmentRules":
        """Return the ladders and segments that a change of one of these parts of a customer can change."""
        touched = self._touched.get(parts)
        if touched is None:
            touched = self._touched[parts] = self._touched_by(parts)
        return touched

    def _touched_by(self, parts: int) -> "Groupings | SegmentRules":
        if parts == ALL_PARTS:
            return self if self._ladders or len(self._layers) > 1 else self._segments
        segments = self._segments.touched_by(parts)
        are_read = not self._segments.read.isdisjoint(segments.keys)
        if not are_read and not any([it.parts & parts for it in self._ladders]):
            return segments
        return Groupings(self._ladders, self._segments, self._layers, self._remembered, parts)

    def decide(self, customer: Customer, at: int, until: int, cause: Callable[[], Cause] | None) -> Outcome:
        """Set the customer's steps and memberships as they are from ``at`` on, and look ahead to ``until``.

        Without a ``cause``, time alone changes them.
        """
        changes: list[ReasonedChange] = []
        next_change: int | None = None
        waits = False
        parts = self._parts
        for ladder in self._ladders:
            if not parts & ladder.parts and parts != ALL_PARTS:
                continue
            outcome = ladder.decide(customer, at, until, cause)
            if outcome.next_change is not None:
                next_change = until = outcome.next_change
            waits |= outcome.waits
            if outcome.changes:
                changes += outcome.changes
                parts |= STEPS
        of_segments: list[ReasonedChange] = []
        for layer in self._layers:
            touched = layer if parts == ALL_PARTS else layer.touched_by(parts)
            if touched.is_empty:
                continue
            outcome = touched.decide(customer, at, until, cause)
            if outcome.next_change is not None:
                next_change = until = outcome.next_change
            waits |= outcome.waits
            if outcome.changes:
                of_segments += outcome.changes
                parts |= SEGMENTS
        if self._places:
            of_segments.sort(key=self._place_of)
        return Outcome([*changes, *of_segments], next_change, waits)

    def end(self, customer: Customer, at: int, cause: Cause, why: str) -> list[ReasonedChange]:
        """Take a customer off all ladders and out of all segments, in the policy's order."""
        customer.held.clear()
        changes = [it.end(customer, at, cause, why) for it in self._ladders if it.key in customer.steps]
        return [*changes, *self._segments.end(customer, at, cause, why)]

    def can_change(self, customer: Customer) -> bool:
        """Tell whether a step or a membership can ever change by itself."""
        return any([it.can_change(customer) for it in self._ladders]) or self._segments.can_change(customer)

    def adopt(self, customer: Customer, at: int, cause: Cause) -> list[ReasonedChange]:
        """Put the customer under this policy: they leave the ladders, steps and segments that it does not have."""
        keys = {it.key for it in self._ladders}
        gone = sorted(key for key in customer.steps if key not in keys)
        known = keys | self._segments.confirmed
        customer.held = {key: since for key, since in customer.held.items() if key.partition(":")[0] in known}
        customer.past_steps = {place: it for place, it in customer.past_steps.items() if place in self._remembered}
        changes = [left(customer, key, at, cause, NO_SUCH_LADDER, key) for key in gone]
        for ladder in self._ladders:
            if (change := ladder.adopt(customer, at, cause)) is not None:
                changes.append(change)
        return [*changes, *self._segments.adopt(customer, at, cause)]

    def _place_of(self, change: ReasonedChange) -> int:
        return self._places[change.change.key or ""]
