"""The segment rules: who joins and leaves, by all segments of a policy or by those that an event can affect."""

from collections.abc import Callable, Container, Iterable, Sequence
from typing import NamedTuple

from schemas.change import Cause, Change
from state.conditions.rule_set import Answers, RuleSet
from state.customer.customer import Customer
from state.policy.compiled import CompiledSegment
from state.rules.decision import NO_CHANGE, Outcome, ReasonedChange
from state.rules.lasting import LastingCondition
from state.rules.membership import MembershipRule

SEGMENT = Cause(kind="deadline", name="audience")  # the word that is published


class SegmentRule(NamedTuple):
    """A segment's key in the policy, its name for people, its rule, and whether stays in it are remembered."""

    key: str
    name: str
    rule: MembershipRule
    is_remembered: bool


def segment_rules(segments: Iterable[CompiledSegment], remembered: Container[str]) -> "SegmentRules":
    """Return the rules of some of a policy's segments; the past stays in those that are remembered are kept."""
    return SegmentRules([SegmentRule(it.key, it.name, _membership(it), it.key in remembered) for it in segments])


def _membership(segment: CompiledSegment) -> MembershipRule:
    joining = None
    if segment.confirm.ms or segment.quiet.ms:
        joining = LastingCondition(segment.key, segment.enter, segment.confirm)
    return MembershipRule(segment.enter, segment.leave, segment.stay, segment.quiet, joining)


class SegmentRules:
    """The rules of some segments, decided together: a feature that several conditions read is read once."""

    def __init__(self, segments: Sequence[SegmentRule]) -> None:
        self._segments = segments
        self._conditions = RuleSet([(it.key, it.rule.enter, it.rule.leave) for it in segments])
        self._touched: dict[int, SegmentRules] = {}
        self.is_empty = not segments

    def touched_by(self, parts: int) -> "SegmentRules":
        """Return the rules whose conditions read one of these parts of a customer."""
        touched = self._touched.get(parts)
        if touched is None:
            touched = self._touched[parts] = SegmentRules(
                [it for it in self._segments if (it.rule.enter.parts | it.rule.leave.parts) & parts]
            )
        return touched

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the segments, in their order."""
        return tuple([it.key for it in self._segments])

    @property
    def read(self) -> frozenset[str]:
        """The keys of the segments that one of these asks about."""
        return frozenset().union(*[it.rule.enter.segments | it.rule.leave.segments for it in self._segments])

    def decide(self, customer: Customer, at: int, until: int, cause: Callable[[], Cause] | None) -> Outcome:
        """Set the customer's memberships as they are from ``at`` on, and look ahead to ``until``.

        Without a ``cause``, time alone changes them.
        """
        memberships = customer.memberships
        answers = self._conditions.now_and_later(customer, at, until, memberships)
        if answers is None and not customer.held:
            return NO_CHANGE
        now, later = answers or self._conditions.nothing
        changes: Sequence[ReasonedChange] = ()
        if True in now or customer.held:
            changes, now = self._change(customer, at, now, SEGMENT if cause is None else cause())
            if changes:
                later = self._conditions.later(customer, at, until, memberships)
        return Outcome(changes, self._next_change(customer, at, until, now, later), True in now)

    @property
    def confirmed(self) -> set[str]:
        """The keys of the segments that are joined only once ``enter`` has held for some time."""
        joining = [it.rule.joining for it in self._segments]
        return {it.key for it in joining if it is not None and it.lasting.ms}

    def can_change(self, customer: Customer) -> bool:
        """Tell whether one of the memberships can ever change by itself."""
        memberships = customer.memberships
        return any(it.rule.can_change(memberships.get(it.key)) for it in self._segments)

    def adopt(self, customer: Customer, at: int, cause: Cause) -> list[ReasonedChange]:
        """Put the customer under these rules: they leave the segments that are none of them."""
        remembered = {it.key for it in self._segments if it.is_remembered}
        past = customer.past_memberships
        customer.past_memberships = {key: it for key, it in past.items() if key in remembered}
        keys = self.keys
        changes = []
        for key in sorted(key for key in customer.memberships if key not in keys):
            customer.leave_segment(key, at)
            change = Change(at=at, key=key, name=key, from_="in", to="out", cause=cause)
            changes.append(ReasonedChange(change, "the policy has no such segment"))
        return changes

    def end(self, customer: Customer, at: int, cause: Cause, why: str) -> list[ReasonedChange]:
        """Take a customer out of all segments."""
        changes = []
        for key, name, _, is_remembered in [it for it in self._segments if it.key in customer.memberships]:
            customer.leave_segment(key, at, is_remembered=is_remembered)
            changes.append(ReasonedChange(Change(at=at, key=key, name=name, from_="in", to="out", cause=cause), why))
        return changes

    def _change(self, customer: Customer, at: int, now: Answers, cause: Cause) -> tuple[list[ReasonedChange], Answers]:
        # A customer who joins does not leave at the same instant: ``enter`` never holds while ``leave`` does.
        memberships = customer.memberships
        changes: list[ReasonedChange] = []
        waiting = list(now)
        for row, (key, name, rule, is_remembered) in enumerate(self._segments):
            entered = memberships.get(key)
            if entered is None and rule.joining is not None:
                if not rule.joins(customer, at, now[row]):
                    continue
            elif not now[row] or (entered is not None and at < entered + rule.stay.ms):
                continue
            waiting[row] = False
            if entered is None:
                why = rule.why_joined(customer, at)
                customer.held.pop(key, None)
                memberships[key] = at
                change = Change(at=at, key=key, name=name, from_="out", to="in", cause=cause)
            else:
                why = rule.why_left(customer, at, entered)
                customer.leave_segment(key, at, is_remembered=is_remembered)
                change = Change(at=at, key=key, name=name, from_="in", to="out", cause=cause)
            changes.append(ReasonedChange(change, why))
        return changes, tuple(waiting)

    def _next_change(self, customer: Customer, at: int, until: int, waiting: Answers, later: Answers) -> int | None:
        first: int | None = None
        memberships = customer.memberships
        for row, (key, _, rule, _) in enumerate(self._segments):
            if waiting[row] or later[row]:
                change = rule.next_change(customer, at, memberships.get(key), waiting[row], until)
                if change is not None:
                    first = until = change
        return first
