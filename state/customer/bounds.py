"""Bounds of what is remembered of one customer, besides those of orders, and which of them a fact meets."""

from collections.abc import Collection, Mapping, Sequence

from schemas.bounds import unnamed_beyond
from schemas.events import (
    MAX_TRAITS,
    AnyFact,
    OrderCompleted,
    OrderUpdated,
    TicketOpened,
    Trait,
    Traits,
    TraitsIdentified,
    event_name,
)
from state.customer.counted_events import CountedEvents
from state.customer.customer import Customer
from state.customer.order_rows import order_number
from state.customer.support import MAX_OPEN_TICKETS

TRAITS_BOUND = "traits"
TICKETS_BOUND = "tickets"
_BOUNDED = (TraitsIdentified, TicketOpened)


def merged(known: dict[str, Trait], said: Traits, named: Collection[str]) -> dict[str, Trait]:
    """Return traits with further ones: those ``named``, and the first ``MAX_TRAITS`` others."""
    traits = {name: value for name, value in (known | said).items() if value is not None}
    if len(traits) > MAX_TRAITS:
        for name in unnamed_beyond(traits, named, MAX_TRAITS):
            del traits[name]
    return traits


def is_full(customer: Customer, fact: AnyFact, counted: Mapping[str, Sequence[CountedEvents]], day: int) -> bool:
    """Tell whether something of a counted event, of a day, passes a bound: of a sum, or of distinct values."""
    activity, properties = customer.activity, fact.properties or {}
    if isinstance(fact, OrderCompleted | OrderUpdated):
        order = order_number(fact.order_id)
        is_counted = isinstance(fact, OrderCompleted) or order in activity.orders
        if is_counted and not activity.has_room(counted.get(OrderCompleted.name, ()), properties, fact.at, day, order):
            return True
    name = event_name(fact)
    return name != OrderCompleted.name and not activity.has_room(counted.get(name, ()), properties, fact.at, day)


def bounds_met(customer: Customer, fact: AnyFact, named: Collection[str]) -> Sequence[str]:
    """Return the bounds by which something is lost when a fact is applied to a customer."""
    if fact.context_traits is None and not isinstance(fact, _BOUNDED):  # most facts
        return ()
    said = fact.traits if isinstance(fact, TraitsIdentified) else fact.context_traits
    met = []
    if isinstance(fact, TicketOpened):
        is_open = customer.support.open
        if len(is_open) >= MAX_OPEN_TICKETS and fact.ticket_id not in is_open:
            met.append(TICKETS_BOUND)
    if said is not None and len(customer.traits) + len(said) > MAX_TRAITS:
        traits = {name for name, value in (customer.traits | said).items() if value is not None}
        if unnamed_beyond(traits, named, MAX_TRAITS):
            met.append(TRAITS_BOUND)
    return met
