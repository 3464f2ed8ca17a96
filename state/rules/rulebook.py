"""The rulebook: decides, under one policy, what an event or the passing of time means for a customer.

Three questions: an event came (`advance`), time passed (`elapse`), and, kept in ``Customer.due``, when the next
decision falls by itself. A decision reads the customer at its own instant only, never the clock.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.change import Cause, Change, Figures
from schemas.events import AnyFact, event_name
from schemas.money import Exchange, decimals
from state.calendar import Calendar
from state.customer.apply_event import Memory, OrderEffect
from state.customer.customer import Customer
from state.customer.parts import EVERYTHING, LIFECYCLE, ORDERS, STANDING
from state.policy.compiled import CompiledPolicy
from state.rules.lifecycle import ACTIVE, Stage, granted_days, silence_deadline, stage_at, transition
from state.rules.loyalty import Loyalty
from state.rules.membership import Rule
from state.rules.patience import Patience, PatienceRules
from state.rules.segments import Explained, SegmentRules, ruled


class Decision(NamedTuple):
    """A change and the figures it was decided on."""

    change: Change
    figures: Figures


PATIENCE = Cause("deadline", "patience")
CHURN = Cause("deadline", "churn")
LOYALTY = Cause("deadline", "loyalty")
SEGMENT = Cause("deadline", "audience")
LOOK_AHEAD_DAYS = 28


class Rulebook:
    """A compiled policy at work. Holds no customer; the customers given to it are changed in place."""

    def __init__(self, compiled: CompiledPolicy) -> None:
        policy = compiled.policy
        self.compiled = compiled
        self.version = compiled.version
        self.mark = bytes.fromhex(compiled.version.rpartition("@")[2])
        """Four bytes that tell one policy version from another."""
        self.calendar = Calendar(policy.time.zone, compiled.day_ms)
        self.exchange = Exchange(policy.money.currency, policy.money.most_per_order, policy.money.rates)
        self.unit: int = 10 ** decimals(policy.money.currency)
        self.take_in = Memory(self.calendar, compiled.session_ms).take_in
        """Let a fact change a customer's aggregates, and decide nothing."""
        self._day_ms = compiled.day_ms
        self._look_ahead_ms = LOOK_AHEAD_DAYS * compiled.day_ms
        self._patience = PatienceRules(policy, compiled.day_ms)
        self._loyalty = Loyalty(Rule(compiled.loyal_enter, compiled.loyal_leave, compiled.loyal_min_stay_ms))
        self._segments = SegmentRules(ruled(compiled.segments))
        self._lifecycle = LIFECYCLE | compiled.loyal_enter.aspects | compiled.loyal_leave.aspects
        self._keys = frozenset(it.key for it in compiled.segments)

    def advance(self, customer: Customer, fact: AnyFact, decisions: list[Decision]) -> None:
        """An event came: let the time until it pass, then take it in. Decisions are appended in order."""
        at = fact.at
        if customer.due is not None and customer.due <= at:
            self.elapse(customer, at, decisions)
        touch, changed = self.take_in(customer, fact)
        first_heard = not customer.last_event_at
        customer.last_event_at = at

        def cause() -> Cause:
            return Cause("event", event_name(fact), fact.message_id)

        if first_heard or changed & self._lifecycle:
            self._decide(customer, at, cause, touch, EVERYTHING if first_heard else changed, decisions)
        else:
            self._decide_touched(customer, at, cause, self._segments.touched_by(changed), decisions)

    def elapse(self, customer: Customer, upto: int, decisions: list[Decision]) -> None:
        """Time passed: every deadline until ``upto``, it included, in order and at its own instant."""
        while customer.due is not None and customer.due <= upto:
            self._decide(customer, customer.due, None, OrderEffect.NONE, EVERYTHING, decisions)

    def adopt(self, customer: Customer, at: int, decisions: list[Decision]) -> None:
        """Put a customer under a policy that is new to them: leave the segments it does not know, and decide again."""
        cause = Cause("policy", self.version)
        gone = [key for key in customer.memberships if key not in self._keys]
        changes = [(Change(at, key, key, "in", "out", cause), "the policy has no such segment") for key in gone]
        for key in gone:
            del customer.memberships[key]
        self._explain(customer, at, changes, self._patience.of(customer), decisions)
        self._decide(customer, at, lambda: cause, OrderEffect.NONE, EVERYTHING, decisions)

    def _decide_touched(
        self,
        customer: Customer,
        at: int,
        cause: Callable[[], Cause],
        touched: SegmentRules,
        decisions: list[Decision],
    ) -> None:
        """Decide only what an event can have changed: before it was due, nothing else has."""
        customer.at = at
        if not touched:
            return
        until = at + self._look_ahead_ms if customer.due is None else customer.due
        decided = touched.decide(customer, at, until, cause)
        # This event may have made the deadline too early, never too late: all is decided there, and found unchanged.
        if decided.next_change is not None:
            customer.due = decided.next_change
        elif customer.due is None and (decided.waits or touched.are_restless(customer)):
            customer.due = until
        if decided.changes:
            self._explain(customer, at, decided.changes, self._patience.of(customer), decisions)

    def _decide(
        self,
        customer: Customer,
        at: int,
        cause: Callable[[], Cause] | None,
        touch: OrderEffect,
        changed: int,
        decisions: list[Decision],
    ) -> None:
        customer.at = at
        loyal_why, loyalty_waits = self._loyalty.decide(customer, at)
        limits = self._patience.of(customer)
        changes: list[Explained] = []
        stage = stage_at(customer, at, touch, limits, self._patience)
        if stage.name != customer.stage:
            changes.append(_step(customer, at, stage, touch, loyal_why, cause))
        segments, others_due = self._segments, None
        if not changed & ORDERS:  # those, and time, touch nearly all
            segments = segments.touched_by(changed | STANDING if changes or loyal_why else changed)
            others_due = customer.due
        # Most customers are heard of again long before a rule changes by itself, so one looks only so far, and the
        # farther the longer they have been silent.
        until = at + max(self._look_ahead_ms, at - customer.last_event_at)
        silence = silence_deadline(customer, at, limits, self._patience)
        customer.expected, customer.expected_at = silence if silence is not None else (None, None)
        due = min(it for it in (until, customer.expected_at, others_due) if it is not None)
        decided = segments.decide(customer, at, due, cause or _by_deadline)
        due = due if decided.next_change is None else decided.next_change
        loyalty_at = self._look_ahead(customer, at, customer.expected_at or until, loyalty_waits)
        due = due if loyalty_at is None else min(due, loyalty_at)
        # Who may change sides but must stay for a while will do so by the end of that.
        restless = others_due is not None or loyalty_waits or decided.waits
        restless = restless or self._loyalty.is_restless(customer) or segments.are_restless(customer)
        customer.due = due if due < until or restless else customer.expected_at
        changes += decided.changes
        if changes:
            self._explain(customer, at, changes, limits, decisions)

    def _look_ahead(self, customer: Customer, at: int, until: int, waits: bool) -> int | None:
        """When loyalty changes by itself, which is what comes next for those whose stage it decides."""
        change = self._loyalty.next_change(customer, at, waits, until)
        if (
            change is not None
            and (customer.expected_at is None or change < customer.expected_at)
            and customer.stage in ACTIVE
            and customer.purchases.count() > 1
        ):
            customer.expected = "became_loyal" if customer.loyal_since is None else "loyalty_lapsed"
            customer.expected_at = change
        return change

    def _explain(
        self, customer: Customer, at: int, changes: Sequence[Explained], limits: Patience, decisions: list[Decision]
    ) -> None:
        purchases = customer.purchases
        orders = purchases.count()
        revenue = purchases.revenue()
        first, last = purchases.first(), purchases.last()
        known = first is not None and last is not None
        day_ms = self._day_ms
        average = round(revenue / orders / self.unit, 4) if orders else None
        recency = round((at - (last or 0)) / day_ms, 4) if known else None
        gap = round(((last or 0) - (first or 0)) / (orders - 1) / day_ms, 4) if known and orders > 1 else None
        patience = granted_days(customer, at, limits, self._patience) if orders else None
        for change, why in changes:
            figures = Figures(
                why=why,
                stage=customer.stage,
                orders=orders,
                revenue=revenue / self.unit,
                average_order_value=average,
                recency_days=recency,
                mean_gap_days=gap,
                patience_days=patience,
                next_transition=customer.expected,
                next_at=customer.expected_at,
            )
            decisions.append(Decision(change, figures))


def _step(
    customer: Customer, at: int, stage: Stage, touch: OrderEffect, loyal_why: str, cause: Callable[[], Cause] | None
) -> Explained:
    before = customer.stage
    name = transition(before, stage.name, touch)
    deadline = PATIENCE if name == "at_risk" else CHURN if name == "churned" else LOYALTY
    why = f"{stage.why}; {loyal_why}" if loyal_why else stage.why
    change = Change(at, None, name, before, stage.name, deadline if cause is None else cause())
    customer.stage, customer.since, customer.why = stage.name, at, why
    customer.cause = change.cause.message_id or change.cause.name
    return change, why


def _by_deadline() -> Cause:
    return SEGMENT
