"""Applying an event: how a fact changes the aggregates of a customer, before anything is decided."""

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from enum import Enum
from typing import Any

from schemas.event_names import event_key
from schemas.events import (
    AnyFact,
    Browsed,
    OrderCancelled,
    OrderChange,
    OrderCompleted,
    OrderRefunded,
    OrderUpdated,
    RepublishRequested,
    TicketOpened,
    TicketRated,
    TicketSolved,
    Tracked,
    Trait,
    TraitsIdentified,
    changes_order,
    event_name,
)
from state.calendar import Calendar
from state.civil_time import CivilTime
from state.customer.bounds import merged
from state.customer.counted_events import CountedEvents
from state.customer.customer import Customer
from state.customer.order_rows import order_number
from state.customer.own_zone import OwnZone
from state.customer.parts import NO_PARTS, ORDERS, SUPPORT, TRAITS, event_part
from state.customer.purchases import OrderMemory
from state.customer.support import Support


class OrderEffect(Enum):
    """What an event did to the orders that stand."""

    NONE = "none"
    ORDERED = "ordered"
    UNDONE = "undone"


Effect = tuple[OrderEffect, int]
"""What an event did to the orders that stand, and the parts of the customer that it changed."""


class EventApplier:
    """The application of facts under a policy's calendar; a session ends after ``session_ms`` without browsing.

    The traits ``named`` are kept in any case. The events ``counted``, by name, are those that conditions count; of
    those ``timed`` they read the hour and the weekday, as clocks in the ``civil`` time of the customer show them.
    """

    def __init__(
        self,
        calendar: Calendar,
        session_ms: int,
        named: Collection[str],
        counted: Mapping[str, Sequence[CountedEvents]],
        memory: OrderMemory,
        civil: OwnZone[CivilTime],
        timed: Container[str] = (),
    ) -> None:
        self._day_of = calendar.day_of
        self._session_ms = session_ms
        self._named = named
        self._counted = counted
        self._counted_at_once = {name: it for name, it in counted.items() if name != OrderCompleted.name}
        self._parts = {name: event_part(event_key(name)) for name in counted}
        self._memory = memory
        self._civil = civil
        self._timed = timed
        self._handlers: dict[type[AnyFact], Callable[[Customer, Any, int], Effect]] = {
            Browsed: self._browsed,
            OrderCompleted: self._ordered,
            OrderUpdated: self._ordered,
            OrderRefunded: self._refunded,
            OrderCancelled: self._cancelled,
            TicketOpened: self._ticket_opened,
            TicketSolved: self._ticket_solved,
            TicketRated: self._ticket_rated,
            Tracked: _nothing,
            RepublishRequested: _nothing,
            TraitsIdentified: self._identified,
        }

    def apply(self, customer: Customer, fact: AnyFact) -> Effect:
        """Update a customer's aggregates by a fact."""
        day = self._day_of(fact.at)
        effect = self._handlers[type(fact)](customer, fact, day)
        if fact.context_traits is not None:  # first, since they may say in which zone the event happened
            customer.traits = merged(customer.traits, fact.context_traits, self._named)
            effect = effect[0], effect[1] | TRAITS
        if self._counted:
            changed = self._count(customer, fact, day)
            if isinstance(fact, OrderCompleted) or changes_order(fact):
                changed |= self._count_order(customer, fact, effect[0], day)
            effect = effect[0], effect[1] | changed
        return effect

    def _count(self, customer: Customer, fact: AnyFact, day: int) -> int:
        name = event_name(fact)
        counted = self._counted_at_once.get(name)
        if counted is None:
            return NO_PARTS
        at, activity, properties = fact.at, customer.activity, self._said(name, customer, fact, fact.at)
        for it in counted:
            accepts = it.accepts
            if accepts is None or accepts(properties):
                activity.add(it, at, day, properties)
        return self._parts[name]

    def _count_order(
        self, customer: Customer, fact: OrderCompleted | OrderChange, effect: OrderEffect, day: int
    ) -> int:
        # Orders count as long as they stand, in the place of the first event about them.
        counted = self._counted.get(OrderCompleted.name)
        if counted is None:
            return NO_PARTS
        activity, number = customer.activity, order_number(fact.order_id)
        activity.forget_orders(self._memory.oldest_day(day), self._memory.most, counted)
        if effect is OrderEffect.ORDERED:
            activity.place_order(
                number, fact.at, day, counted, self._said(OrderCompleted.name, customer, fact, fact.at)
            )
        elif effect is OrderEffect.UNDONE:
            activity.undo_order(number, counted)
        elif isinstance(fact, OrderCompleted | OrderUpdated) and (at := activity.order_at(number)) is not None:
            activity.restate_order(number, counted, self._said(OrderCompleted.name, customer, fact, at))
        return self._parts[OrderCompleted.name]

    def _said(self, name: str, customer: Customer, fact: AnyFact, at: int) -> Mapping[str, Trait]:
        properties = fact.properties or {}
        return {**properties, **self._civil.of(customer).moment(at)} if name in self._timed else properties

    def _browsed(self, customer: Customer, fact: Browsed, day: int) -> Effect:
        engagement = customer.engagement
        daily = engagement.daily
        if daily.days and daily.days[-1] != day:  # what has left every window was dropped on the first event of the day
            daily.drop_before(self._memory.first_day(day))
        return OrderEffect.NONE, engagement.browse(fact, day, self._session_ms)

    def _identified(self, customer: Customer, fact: TraitsIdentified, day: int) -> Effect:
        customer.traits = merged(customer.traits, fact.traits, self._named)
        return OrderEffect.NONE, TRAITS

    def _ordered(self, customer: Customer, fact: OrderCompleted | OrderUpdated, day: int) -> Effect:
        is_new = customer.purchases.place(fact, day, self._memory)
        return OrderEffect.ORDERED if is_new else OrderEffect.NONE, ORDERS

    def _refunded(self, customer: Customer, fact: OrderRefunded, day: int) -> Effect:
        is_undone = customer.purchases.refund(fact, day, self._memory)
        return OrderEffect.UNDONE if is_undone else OrderEffect.NONE, ORDERS

    def _cancelled(self, customer: Customer, fact: OrderCancelled, day: int) -> Effect:
        is_undone = customer.purchases.cancel(fact, day, self._memory)
        return OrderEffect.UNDONE if is_undone else OrderEffect.NONE, ORDERS

    def _ticket_opened(self, customer: Customer, fact: TicketOpened, day: int) -> Effect:
        self._support(customer, day).open_ticket(fact, day)
        return OrderEffect.NONE, SUPPORT

    def _ticket_solved(self, customer: Customer, fact: TicketSolved, day: int) -> Effect:
        self._support(customer, day).solve_ticket(fact, day)
        return OrderEffect.NONE, SUPPORT

    def _ticket_rated(self, customer: Customer, fact: TicketRated, day: int) -> Effect:
        self._support(customer, day).rate(fact, day)
        return OrderEffect.NONE, SUPPORT

    def _support(self, customer: Customer, day: int) -> Support:
        support = customer.support
        support.drop_before(self._memory.first_day(day))
        return support


def _nothing(customer: Customer, fact: Tracked | RepublishRequested, day: int) -> Effect:
    return OrderEffect.NONE, NO_PARTS
