"""The rulebook: decides, under one policy, what an event or the passing of time means for a customer.

Two entry points, ``advance`` for an event and ``elapse`` for time. Both set ``Customer.due`` to the instant of the next
decision that time alone demands. A decision reads the customer at its own instant only; no clock is read.
"""

from collections.abc import Sequence

from schemas.change import FORGOTTEN, Cause
from schemas.events import AnyFact, OrderCompleted, RepublishRequested, event_name
from schemas.money import Exchange
from schemas.trait_types import TraitTypes
from state.calendar import Calendar
from state.civil_calendar import CivilCalendar
from state.civil_time import CivilTime
from state.conditions.by_kind import ByKind
from state.customer.apply_event import EventApplier, OrderEffect
from state.customer.conversion import conversion
from state.customer.customer import EXCLUDED, Customer
from state.customer.own_zone import OwnZone
from state.customer.parts import ALL_PARTS, DECIDED, LIFECYCLE_PARTS, ORDERS, SIGNALS
from state.customer.purchases import OrderMemory
from state.customer.tallying import Tallying
from state.features.profile import Profiles
from state.policy.compiled import CompiledPolicy
from state.rules.bounds_told import BoundsTold
from state.rules.decision import NO_CHANGE, Decision, ReasonedChange
from state.rules.decision_figures import DecisionFigures
from state.rules.earliest import earliest
from state.rules.exclusion import Exclusion, is_excluded
from state.rules.forgetting import Forgetting
from state.rules.groupings import Groupings, groupings_of
from state.rules.intake_rules import intake_of
from state.rules.lifecycle import CauseOf, Lifecycle
from state.rules.loyalty import Loyalty
from state.rules.membership import MembershipRule
from state.rules.patience import PatienceRules
from state.rules.republication import Republication
from state.rules.retention import Retention, become_forgotten, begin_anew, is_forgotten
from state.rules.segments import SEGMENT, SegmentRules
from state.rules.signals import SignalRules
from state.rules.silence import silence_deadline
from state.rules.stages import Stages

LOOK_AHEAD_DAYS = 28


class Rulebook:
    """A compiled policy at work. It holds no customer; the customers passed in are changed in place.

    ``fingerprint`` is four bytes that identify the policy version.
    """

    def __init__(self, compiled: CompiledPolicy) -> None:
        policy = compiled.policy
        self.compiled = compiled
        self.version = compiled.version
        self.profiles = Profiles(compiled)
        self.fingerprint = bytes.fromhex(compiled.version.rpartition("@")[2])
        exchange = Exchange(policy.money.currency, policy.money.most_per_order, policy.money.rates)
        named = compiled.named
        civil = CivilCalendar(policy.time.zone)
        self._trait_types = TraitTypes(policy.trait_types, lambda at: civil.date_of(at).isoformat(), named.texts)
        self.intake = intake_of(compiled, exchange, self._trait_types)
        self._counted = compiled.counted_events
        calendar = Calendar(policy.time.zone, compiled.day_ms)
        civil_time = OwnZone(CivilTime, policy.time.zone, policy.time.zone_trait)
        undo_days, window_days = policy.orders.undo_days, compiled.window_days
        self._memory = OrderMemory(compiled.occasion_ms, undo_days, window_days, conversion=conversion(exchange))
        applier = EventApplier(
            calendar,
            compiled.session_ms,
            named.traits,
            self._counted,
            self._memory,
            civil_time,
            compiled.timed_events,
        )
        self._tallying = Tallying(compiled.tallied, self._memory, calendar.day_of)
        self.apply_event = self._tallying.beside(applier.apply)
        """Update a customer's aggregates by a fact, and decide nothing."""
        self.forgetting = Forgetting(calendar, self._memory)
        self.retention = Retention(policy, compiled.day_ms)
        self.forgets = bool(policy.retention.by_stage)
        """Whether the policy ever forgets anybody; if not, no event pays for it."""
        self._look_ahead_ms = LOOK_AHEAD_DAYS * compiled.day_ms
        kinds = [(applies_to, PatienceRules(it, compiled.day_ms)) for applies_to, it in compiled.lifecycles]
        self._patience = ByKind(kinds, PatienceRules(policy.lifecycle, compiled.day_ms))
        self._figures = DecisionFigures(exchange.unit, compiled.day_ms, policy.holdout)
        self._loyalty = Loyalty(MembershipRule(compiled.loyal_enter, compiled.loyal_leave, compiled.loyal_stay))
        self._stages = Stages(compiled.stages)
        self.first_stage = self._stages.first
        """The stage of a customer of whom nothing is known."""
        self._groupings = groupings_of(compiled)
        self._remembered_stages = compiled.remembered_stages
        self._exclusion = Exclusion(compiled.excluded, self._groupings, self._remembered_stages)
        self._lifecycle_parts = LIFECYCLE_PARTS | compiled.stage_parts
        self._lifecycle = Lifecycle(self._stages, self._exclusion, self._remembered_stages)
        self._republication = Republication(compiled.segments)
        self._signals = SignalRules(compiled.signals, civil_time, policy.context) if compiled.signals else None
        self.told = BoundsTold(
            named.traits, self._counted, calendar.day_of, self.forgetting, self._tallying, self._signals
        ).of
        """Return what is told of a fact that is about to be applied."""

    def advance(self, customer: Customer, fact: AnyFact, decisions: list[Decision]) -> None:
        """Let time pass until a fact, and apply it. Decisions are appended in order.

        ``fact`` must not lie before the customer's last decision.
        """
        at, due = fact.at, customer.due
        if (due is not None and due <= at) or customer.stage == FORGOTTEN:
            self.reach(customer, fact, decisions)
        if type(fact) is RepublishRequested:
            self._add(customer, at, self._republication.of(customer, fact), decisions)
            return
        effect, changed = self.apply_event(customer, fact)
        is_first = not customer.last_event_at
        customer.last_event_at = at

        def cause() -> Cause:
            return Cause(kind="event", name=event_name(fact), message_id=fact.message_id)

        if is_first or changed & self._lifecycle_parts:
            self._decide(customer, at, cause, effect, ALL_PARTS if is_first else changed, decisions)
        else:
            customer.at = at
            groupings = self._groupings.touched_by(changed)
            if not groupings.is_empty:
                self._decide_groupings(customer, at, cause, groupings, decisions)
        if self._signals is not None and not is_excluded(customer):
            self._tell(customer, at, self._signals.at_event(customer, fact, effect, cause), cause, decisions)
        if self.forgets:
            self.retention.expect(customer)

    def reach(self, customer: Customer, fact: AnyFact, decisions: list[Decision]) -> None:
        """Let time pass until a fact; who is forgotten by then begins anew by it, unless it only asks."""
        at, due = fact.at, customer.due
        if due is not None and due <= at:
            self.elapse(customer, at, decisions)
        if is_forgotten(customer) and type(fact) is not RepublishRequested:
            begin_anew(customer, at, self.first_stage)

    def elapse(self, customer: Customer, upto: int, decisions: list[Decision]) -> None:
        """Let time pass: decide at every deadline until ``upto``, included, in order and each at its own instant."""
        while customer.due is not None and customer.due <= upto:
            at, first = customer.due, customer.at + 1
            if self.retention.is_over(customer, at):
                self._add(customer, at, self.retention.changes(customer, at), decisions)
                become_forgotten(customer, at)
                return
            self._decide(customer, at, None, OrderEffect.NONE, ALL_PARTS, decisions)
            if self._signals is not None:
                self._tell(customer, at, self._signals.at_deadline(customer, first, at), None, decisions)
            self.retention.expect(customer)

    def adopt(self, customer: Customer, at: int, decisions: list[Decision]) -> None:
        """Put a customer under this policy: leave what it does not have, and decide everything anew."""
        if is_forgotten(customer):
            return
        cause = Cause(kind="policy", name=self.version)
        # What recurs is told of the time that the policy before has not decided, if there is any.
        first = at + 1 if customer.due is None else min(customer.due, at + 1)
        customer.purchases.recount(self._memory)
        customer.remember_stays(self._remembered_stages)
        if self._signals is None:
            customer.signals, customer.signals_told = {}, {}
        else:
            self._signals.adopt(customer)
        customer.traits = self._trait_types.again(customer.traits)
        counted = [it for of_event in self._counted.values() for it in of_event]
        customer.activity.keep(counted, OrderCompleted.name in self._counted)
        self._tallying.keep(customer)
        changes = self._groupings.adopt(customer, at, cause)
        self._add(customer, at, changes, decisions)
        self._decide(customer, at, lambda: cause, OrderEffect.NONE, ALL_PARTS, decisions)
        if self._signals is not None:
            told = self._signals.at_deadline(customer, first, at, cause)
            self._tell(customer, at, told, lambda: cause, decisions)
        self.retention.expect(customer)

    def _tell(
        self,
        customer: Customer,
        at: int,
        changes: Sequence[ReasonedChange],
        cause: CauseOf | None,
        decisions: list[Decision],
    ) -> None:
        """Append the signals, which come after all that was decided, decide what asks for them, and expect the next."""
        if changes:
            self._add(customer, at, changes, decisions)
            groupings = self._groupings.touched_by(SIGNALS)
            if not groupings.is_empty:
                self._decide_groupings(customer, at, cause, groupings, decisions)
        if self._signals is not None and self._signals.waits(customer):
            due = self._signals.due(customer, at)
            customer.due = due if customer.due is None else earliest(customer.due, due)

    def _decide_groupings(
        self,
        customer: Customer,
        at: int,
        cause: CauseOf | None,
        groupings: Groupings | SegmentRules,
        decisions: list[Decision],
    ) -> None:
        """Decide only the groupings that an event or a signal can have changed: before ``due``, nothing else has."""
        if customer.stage == EXCLUDED:
            return
        until = at + self._look_ahead_ms if customer.due is None else customer.due
        outcome = groupings.decide(customer, at, until, cause)
        if outcome is NO_CHANGE and customer.due is not None:
            return
        # This event may have made the deadline too early, never too late: an early one finds nothing changed.
        due = outcome.next_change
        if due is None and customer.due is None and (outcome.waits or groupings.can_change(customer)):
            due = until
        if due is not None:
            customer.due = due
        if outcome.changes:
            self._add(customer, at, outcome.changes, decisions)

    def _decide(
        self,
        customer: Customer,
        at: int,
        cause: CauseOf | None,
        effect: OrderEffect,
        changed: int,
        decisions: list[Decision],
    ) -> None:
        """Decide loyalty, stage and segments at ``at``, and when to decide again; ``cause`` is None at a deadline."""
        customer.at = at
        if self._exclusion.holds(customer, at):
            if not is_excluded(customer):
                left = self._exclusion.exclude(customer, at, SEGMENT if cause is None else cause())
                self._add(customer, at, left, decisions)
            return
        if is_excluded(customer):
            changed = ALL_PARTS
        loyal_why, loyalty_waits = self._loyalty.decide(customer, at)
        limits = self._patience.of(customer, at).limits_of(customer)
        was_silent = customer.silence
        changes = self._lifecycle.decide(customer, at, effect, limits, loyal_why, cause)
        groupings, others_due = self._groupings.touched_by(ALL_PARTS), None
        if not changed & ORDERS:  # orders, and time, affect nearly all groupings
            is_decided = changes or loyal_why or customer.silence != was_silent
            groupings = groupings.touched_by(changed | DECIDED if is_decided else changed)
            others_due = customer.due
        # Most customers send an event long before a rule changes by itself, so the look ahead is short; the longer
        # they have been silent, the farther it goes.
        until = at + max(self._look_ahead_ms, 2 * (at - customer.last_event_at))
        silence = silence_deadline(customer, at, limits)
        silent_at = None if silence is None else silence[1]
        due = earliest(until, silent_at, others_due)
        outcome = groupings.decide(customer, at, due, cause)
        loyalty_at = self._loyalty.next_change(customer, at, loyalty_waits, silent_at or until)
        change_at = self._stages.next_change(customer, at, silent_at or until)
        step = None if silence is None else self._stages.next_step(customer, silence, loyalty_at, change_at)
        customer.expected, customer.expected_at = (None, None) if step is None else step
        due = earliest(due, outcome.next_change, loyalty_at, change_at)
        # A customer who waits for some time to pass leaves at its end.
        waits = others_due is not None or loyalty_waits or outcome.waits
        can_change = (
            self._loyalty.can_change(customer)
            or self._stages.can_change(customer.stage)
            or groupings.can_change(customer)
        )
        if due < until or waits or can_change:
            customer.due = due
        else:
            customer.due = silent_at
        changes += outcome.changes
        if changes:
            self._figures.add(customer, at, changes, limits, decisions)

    def _add(self, customer: Customer, at: int, changes: Sequence[ReasonedChange], decisions: list[Decision]) -> None:
        """Append changes with the customer's figures."""
        self._figures.add(customer, at, changes, self._patience.of(customer, at).limits_of(customer), decisions)
