"""Bounds of what is remembered of one customer, besides those of orders, and which of them a fact meets."""

from collections.abc import Collection, Sequence

from schemas.events import MAX_TRAITS, AnyFact, Scalar, TicketOpened, TraitsIdentified
from state.customer.customer import Customer
from state.customer.support import MAX_OPEN_TICKETS

TRAITS_BOUND = "traits"
TICKETS_BOUND = "tickets"


def merged(known: dict[str, Scalar], said: dict[str, Scalar | None], named: Collection[str]) -> dict[str, Scalar]:
    """Return traits with further ones: those ``named``, and the first ``MAX_TRAITS`` others."""
    traits = {name: value for name, value in (known | said).items() if value is not None}
    if len(traits) <= MAX_TRAITS:
        return traits
    others = 0
    kept = {}
    for name, value in traits.items():
        if name not in named:
            others += 1
            if others > MAX_TRAITS:
                continue
        kept[name] = value
    return kept


def bounds_met(customer: Customer, fact: AnyFact, named: Collection[str]) -> Sequence[str]:
    """Return the bounds by which something is lost when a fact is applied to a customer."""
    if isinstance(fact, TicketOpened):
        is_open = customer.support.open
        if len(is_open) >= MAX_OPEN_TICKETS and fact.ticket_id not in is_open:
            return (TICKETS_BOUND,)
    elif isinstance(fact, TraitsIdentified) and len(customer.traits) + len(fact.traits) > MAX_TRAITS:
        traits = {name for name, value in (customer.traits | fact.traits).items() if value is not None}
        if len(traits.difference(named)) > MAX_TRAITS:
            return (TRAITS_BOUND,)
    return ()
