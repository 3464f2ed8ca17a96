"""The rulebook: decides, under one policy, what an event or the passing of time means for a customer.

Three questions: an event came (`advance`), time passed (`elapse`), and, kept in ``Customer.due``, when the next
decision falls by itself. A decision reads the customer at its own instant only, never the clock.
"""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.events import (
    AnyFact,
    Browsed,
    OrderCancelled,
    OrderCompleted,
    OrderRefunded,
    OrderUpdated,
    TicketOpened,
    TicketRated,
    TicketSolved,
    event_name,
)
from schemas.money import Exchange, decimals
from schemas.transition import Cause, Change, Circumstances
from state.aspects import EVERYTHING, LIFECYCLE, ORDERS, STANDING, SUPPORT, TRAITS
from state.audiences import Audiences, ruled
from state.calendar import Calendar
from state.conditions.condition import holds_all, hopes_all
from state.customer import MOST_TRAITS, Customer
from state.lifecycle import ACTIVE, Touch, patience_days, silence_deadline, stage_at, transition
from state.membership import Rule
from state.patience import Patience, patience
from state.policy.compiled import CompiledPolicy


class Decision(NamedTuple):
    """A change and the figures it was decided on."""

    change: Change
    circumstances: Circumstances


PATIENCE = Cause("deadline", "patience")
CHURN = Cause("deadline", "churn")
LOYALTY = Cause("deadline", "loyalty")
AUDIENCE = Cause("deadline", "audience")
SIGHT_DAYS = 28


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
        self._policy = policy
        self._day_ms = compiled.day_ms
        self._sight = SIGHT_DAYS * compiled.day_ms
        self._loyal = Rule(compiled.loyal_enter, compiled.loyal_leave, compiled.loyal_min_stay_ms)
        loyalty = (compiled.loyal_enter, compiled.loyal_leave)
        self._loyal_truths = holds_all(loyalty)
        self._loyal_hopes = hopes_all(loyalty)
        self._audiences = Audiences(ruled(compiled.segments))
        self._lifecycle = LIFECYCLE | compiled.loyal_enter.aspects | compiled.loyal_leave.aspects
        self._keys = frozenset(it.key for it in compiled.segments)

    def advance(self, customer: Customer, fact: AnyFact, decisions: list[Decision]) -> None:
        """An event came: let the time until it pass, then take it in. Decisions are appended in order."""
        at = fact.at
        if customer.due is not None and customer.due <= at:
            self.elapse(customer, at, decisions)
        touch, changed = self.take_in(customer, fact)
        first_heard = not customer.heard_at
        customer.heard_at = at
        cause = Cause("event", event_name(fact), fact.message_id)
        if first_heard or changed & self._lifecycle:
            self._decide(customer, at, cause, touch, EVERYTHING if first_heard else changed, decisions)
        else:
            self._decide_touched(customer, at, cause, self._audiences.touched_by(changed), decisions)

    def elapse(self, customer: Customer, upto: int, decisions: list[Decision]) -> None:
        """Time passed: every deadline until ``upto``, it included, in order and at its own instant."""
        while customer.due is not None and customer.due <= upto:
            self._decide(customer, customer.due, None, Touch.NONE, EVERYTHING, decisions)

    def adopt(self, customer: Customer, at: int, decisions: list[Decision]) -> None:
        """Put a customer under a policy that is new to them: leave the audiences it does not know, and decide again."""
        cause = Cause("policy", self.version)
        for key in [key for key in customer.memberships if key not in self._keys]:
            del customer.memberships[key]
            change = Change(at, key, key, "in", "out", cause)
            decisions.append(Decision(change, self._circumstances(customer, at, "the policy has no such audience")))
        self._decide(customer, at, cause, Touch.NONE, EVERYTHING, decisions)

    def take_in(self, customer: Customer, fact: AnyFact) -> tuple[Touch, int]:
        """Let a fact change the aggregates, and decide nothing; returns what became of orders, and the aspects."""
        day = self.calendar.day_of(fact.at)
        if isinstance(fact, Browsed):
            return Touch.NONE, customer.engagement.browse(fact, day, self.compiled.session_ms)
        purchases = customer.purchases
        match fact:
            case OrderCompleted() | OrderUpdated():
                return Touch.ORDERED if purchases.place(fact, day) else Touch.NONE, ORDERS
            case OrderRefunded():
                return Touch.UNDONE if purchases.refund(fact, day) else Touch.NONE, ORDERS
            case OrderCancelled():
                return Touch.UNDONE if purchases.cancel(fact, day) else Touch.NONE, ORDERS
            case TicketOpened():
                customer.support.opened(fact, day)
                return Touch.NONE, SUPPORT
            case TicketSolved():
                customer.support.solved(fact, day)
                return Touch.NONE, SUPPORT
            case TicketRated():
                customer.support.rated(fact, day)
                return Touch.NONE, SUPPORT
            case _:
                traits = customer.traits | fact.traits
                known = [(name, value) for name, value in traits.items() if value is not None]
                customer.traits = dict(known[:MOST_TRAITS])
                return Touch.NONE, TRAITS

    def _decide_touched(
        self, customer: Customer, at: int, cause: Cause, touched: Audiences, decisions: list[Decision]
    ) -> None:
        """Decide only what an event can have changed: before it was due, nothing else has."""
        customer.at = at
        if not touched:
            return
        changing, changes = touched.decide(customer, at, cause)
        until = at + self._sight if customer.due is None else customer.due
        next_change = touched.next_change(customer, at, changing, until)
        # This event may have made the deadline too early, never too late: all is decided there, and found unchanged.
        if next_change is not None:
            customer.due = next_change
        elif customer.due is None and (True in changing or touched.are_restless(customer)):
            customer.due = until
        decisions += [Decision(change, self._circumstances(customer, at, why)) for change, why in changes]

    def _decide(
        self,
        customer: Customer,
        at: int,
        cause: Cause | None,
        touch: Touch,
        changed: int,
        decisions: list[Decision],
    ) -> None:
        customer.at = at
        changes: list[tuple[Change, str]] = []
        loyal_truths = self._loyal_truths(customer, at)
        loyal_why = self._decide_loyalty(customer, at, *loyal_truths)
        before = customer.stage
        limits = patience(customer, self._policy, self._day_ms)
        stage = stage_at(customer, at, touch, limits, self._policy, self._day_ms)
        if stage.name != before:
            name = transition(before, stage.name, touch)
            deadline = PATIENCE if name == "at_risk" else CHURN if name == "churned" else LOYALTY
            why = f"{stage.why}; {loyal_why}" if loyal_why else stage.why
            change = Change(at, None, name, before, stage.name, cause or deadline)
            customer.stage, customer.since, customer.why = stage.name, at, why
            customer.cause = change.cause.message_id or change.cause.name
            changes.append((change, why))
        audiences, others_due = self._audiences, None
        if not changed & ORDERS:  # those, and time, touch nearly all
            audiences = audiences.touched_by(changed | STANDING if changes or loyal_why else changed)
            others_due = customer.due
        changing, joined_or_left = audiences.decide(customer, at, cause or AUDIENCE)
        changes += joined_or_left
        self._look_ahead(customer, at, loyal_truths, limits, audiences, changing, others_due)
        decisions += [Decision(change, self._circumstances(customer, at, why)) for change, why in changes]

    def _decide_loyalty(self, customer: Customer, at: int, enters: bool, leaves: bool) -> str:
        since = customer.loyal_since
        if since is None and enters:
            customer.loyal_since = at
            return self._loyal.enter.why(customer, at)
        if since is not None and leaves and at >= since + self._loyal.stay:
            customer.loyal_since = None
            return self._loyal.leave.why(customer, at)
        return ""

    def _look_ahead(
        self,
        customer: Customer,
        at: int,
        loyal_truths: tuple[bool, ...],
        limits: Patience,
        audiences: Audiences,
        changing: Sequence[bool],
        others_due: int | None,
    ) -> None:
        # Most customers are heard of again long before a rule changes by itself, so one looks only so far, and the
        # farther the longer they have been silent.
        until = at + max(self._sight, at - customer.heard_at)
        silence = silence_deadline(customer, at, limits, self._policy, self._day_ms)
        customer.expected, customer.expected_at = silence if silence is not None else (None, None)
        due = min(it for it in (until, customer.expected_at, others_due) if it is not None)
        change = audiences.next_change(customer, at, changing, due)
        due = due if change is None else change
        since = customer.loyal_since
        holds = loyal_truths[since is not None]
        flip = self._next_loyalty(customer, at, customer.expected_at or until, holds)
        if (
            flip is not None
            and (customer.expected_at is None or flip < customer.expected_at)
            and customer.stage in ACTIVE
            and customer.purchases.count() > 1
        ):
            customer.expected = "became_loyal" if since is None else "loyalty_lapsed"
            customer.expected_at = flip
        due = due if flip is None else min(due, flip)
        # Who may change sides but must stay for a while will do so by the end of that.
        restless = others_due is not None or holds or True in changing
        restless = restless or self._loyal.is_restless(since) or audiences.are_restless(customer)
        customer.due = due if due < until or restless else customer.expected_at

    def _next_loyalty(self, customer: Customer, at: int, until: int, holds: bool) -> int | None:
        since = customer.loyal_since
        if not holds and not self._loyal_hopes(customer, at, until)[since is not None]:
            return None
        return self._loyal.next_change(customer, at, since, holds, until)

    def _circumstances(self, customer: Customer, at: int, why: str) -> Circumstances:
        purchases = customer.purchases
        orders = purchases.count()
        revenue = purchases.revenue() / self.unit
        first, last = purchases.first(), purchases.last()
        known = first is not None and last is not None
        return Circumstances(
            why=why,
            stage=customer.stage,
            orders=orders,
            revenue=revenue,
            average_order_value=round(purchases.revenue() / orders / self.unit, 4) if orders else None,
            recency_days=round((at - (last or 0)) / self._day_ms, 4) if known else None,
            mean_gap_days=(
                round(((last or 0) - (first or 0)) / (orders - 1) / self._day_ms, 4) if known and orders > 1 else None
            ),
            patience_days=patience_days(customer, at, self._policy, self._day_ms),
            next_transition=customer.expected,
            next_at=customer.expected_at,
        )
