"""Forgetting: what to say of a fact about an order that is not among those that a customer's memory has."""

from collections.abc import Sequence

from schemas.events import AnyFact, changes_order
from state.calendar import Calendar
from state.customer.customer import Customer
from state.customer.purchases import OrderMemory


class Forgetting:
    """The judgement of facts about earlier orders under one policy.

    A fact whose order is not remembered is refused if the customer has forgotten any order. Otherwise the order was
    never seen, and the fact is applied.
    """

    def __init__(self, calendar: Calendar, memory: OrderMemory) -> None:
        self._day_of = calendar.day_of
        self._memory = memory

    def why(self, customer: Customer, fact: AnyFact) -> str | None:
        """Return in a sentence why a fact is refused, or None; the customer is as of the fact, before it is applied."""
        if not changes_order(fact):
            return None
        memory = self._memory
        if not customer.purchases.forgets(fact.order_id, self._day_of(fact.at), memory):
            return None
        return (
            f"the order is not among those remembered of this customer, some of which are forgotten: orders are "
            f"remembered for {memory.undo_days} days (raise undo_days in the policy's [orders]), "
            f"and no more than the newest {memory.most:,}"
        )

    def was_never_seen(self, customer: Customer, fact: AnyFact) -> bool:
        """Tell whether a fact that is not refused is about an order that was never seen; the customer is as above."""
        if not changes_order(fact):
            return False
        return not customer.purchases.knows(fact.order_id, self._memory.oldest_day(self._day_of(fact.at)))

    def is_possible(self, customer: Customer, arrived: Sequence[AnyFact], fact: AnyFact) -> bool:
        """Tell, for little, whether a fact may be refused once facts that have arrived are applied to the customer."""
        memory, purchases = self._memory, customer.purchases
        oldest = memory.oldest_day(self._day_of(fact.at))
        return (
            purchases.has_forgotten(oldest)
            or self._day_of(min((it.at for it in arrived), default=fact.at)) < oldest
            or purchases.count() + len(arrived) > memory.most
        )
