"""Memory: what a fact changes of what is remembered of a customer, before anything is decided."""

from collections.abc import Callable
from enum import Enum
from typing import Any

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
    TraitsIdentified,
)
from state.calendar import Calendar
from state.customer.customer import MAX_TRAITS, Customer
from state.customer.parts import ORDERS, SUPPORT, TRAITS


class OrderEffect(Enum):
    """What an event did to the orders that stand."""

    NONE = "none"
    ORDERED = "ordered"
    UNDONE = "undone"


Effect = tuple[OrderEffect, int]
"""What became of the orders that stand, and the aspects that are no longer as they were."""


class Memory:
    """Takes facts in, under a policy's calendar and its length of a session."""

    def __init__(self, calendar: Calendar, session_ms: int) -> None:
        self._day_of = calendar.day_of
        self._session_ms = session_ms
        self._ways: dict[type[AnyFact], Callable[[Customer, Any, int], Effect]] = {
            Browsed: self._browsed,
            OrderCompleted: _placed,
            OrderUpdated: _placed,
            OrderRefunded: _refunded,
            OrderCancelled: _cancelled,
            TicketOpened: _opened,
            TicketSolved: _solved,
            TicketRated: _rated,
            TraitsIdentified: _identified,
        }

    def take_in(self, customer: Customer, fact: AnyFact) -> Effect:
        """Let a fact change the customer's aggregates."""
        return self._ways[type(fact)](customer, fact, self._day_of(fact.at))

    def _browsed(self, customer: Customer, fact: Browsed, day: int) -> Effect:
        return OrderEffect.NONE, customer.engagement.browse(fact, day, self._session_ms)


def _placed(customer: Customer, fact: OrderCompleted | OrderUpdated, day: int) -> Effect:
    return OrderEffect.ORDERED if customer.purchases.place(fact, day) else OrderEffect.NONE, ORDERS


def _refunded(customer: Customer, fact: OrderRefunded, day: int) -> Effect:
    return OrderEffect.UNDONE if customer.purchases.refund(fact, day) else OrderEffect.NONE, ORDERS


def _cancelled(customer: Customer, fact: OrderCancelled, day: int) -> Effect:
    return OrderEffect.UNDONE if customer.purchases.cancel(fact, day) else OrderEffect.NONE, ORDERS


def _opened(customer: Customer, fact: TicketOpened, day: int) -> Effect:
    customer.support.opened(fact, day)
    return OrderEffect.NONE, SUPPORT


def _solved(customer: Customer, fact: TicketSolved, day: int) -> Effect:
    customer.support.solved(fact, day)
    return OrderEffect.NONE, SUPPORT


def _rated(customer: Customer, fact: TicketRated, day: int) -> Effect:
    customer.support.rated(fact, day)
    return OrderEffect.NONE, SUPPORT


def _identified(customer: Customer, fact: TraitsIdentified, day: int) -> Effect:
    traits = customer.traits | fact.traits
    known = [(name, value) for name, value in traits.items() if value is not None]
    customer.traits = dict(known[:MAX_TRAITS])
    return OrderEffect.NONE, TRAITS
