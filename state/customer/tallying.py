"""Tallying: what an event gives to the tallies of a customer, by the values that it has."""

from collections.abc import Callable, Iterator, Sequence

from schemas.events import (
    AnyFact,
    Browsed,
    OrderChange,
    OrderCompleted,
    OrderRefunded,
    OrderUpdated,
    Trait,
    changes_order,
)
from schemas.line_amounts import amounts_name
from state.customer.apply_event import Effect, OrderEffect
from state.customer.customer import Customer
from state.customer.engagement import COLUMN_OF, COLUMNS
from state.customer.order_rows import order_number
from state.customer.purchases import OrderMemory
from state.customer.returns import Returns, no_returns
from state.customer.tallies import NO_ORDER, ORDERS, RETURNS, REVENUE, VIEWS, Gave, Tallies, TallyOf

VALUES_BOUND = "values"
_VIEWS_COLUMN = COLUMNS["views"]
_VIEWED = tuple(name for name, column in COLUMN_OF.items() if column == _VIEWS_COLUMN)

Apply = Callable[[Customer, AnyFact], Effect]
"""Applies a fact to a customer."""


def events_tallied(of: TallyOf) -> tuple[str, ...]:
    """Return the names of the events that a tally reads fields of."""
    if of.weight == RETURNS:
        return ()
    return _VIEWED if of.weight == VIEWS else (OrderCompleted.name, OrderUpdated.name)


class Tallying:
    """The tallying of what a policy asks for; orders can be undone for as long as the ``memory`` has them."""

    def __init__(self, asked: Sequence[TallyOf], memory: OrderMemory, day_of: Callable[[int], int]) -> None:
        self._asked = asked
        self._memory = memory
        self._day_of = day_of
        self._views = [it for it in asked if it.weight == VIEWS]
        self._orders = [it for it in asked if it.weight in (ORDERS, REVENUE)]
        self._return_days = max((it.window_days for it in asked if it.weight == RETURNS), default=0)
        self._tops_of_views = [it for it in self._views if not it.value]
        self._tops_of_orders = [it for it in self._orders if not it.value]
        self._most_days = max((it.window_days for it in self._orders), default=0)

    def beside(self, apply: Apply) -> Apply:
        """Return what applies a fact and tallies it; without anything to tally, ``apply`` itself."""

        def both(customer: Customer, fact: AnyFact) -> Effect:
            effect = apply(customer, fact)
            if self._return_days and (isinstance(fact, OrderCompleted) or changes_order(fact)):
                self._count_return(customer.activity.returns, fact, effect[0])
            self._count(customer.activity.tallies, fact, effect[0])
            return effect

        return both if self._asked else apply

    def bounds_met(self, customer: Customer, fact: AnyFact) -> Sequence[str]:
        """Return the bounds by which something is lost when a fact is applied to a customer."""
        return () if not self._asked or self._has_room(customer.activity.tallies, fact) else (VALUES_BOUND,)

    def keep(self, customer: Customer) -> None:
        """Forget what this policy does not ask for."""
        customer.activity.tallies.keep(self._asked)
        if not self._return_days:
            customer.activity.returns = no_returns()

    def _count(self, tallies: Tallies, fact: AnyFact, effect: OrderEffect) -> None:
        if isinstance(fact, Browsed):
            if fact.properties and fact.event in _VIEWED:
                tallies.view(self._day_of(fact.at), _gives(self._views, fact))
        elif self._orders and (isinstance(fact, OrderCompleted) or changes_order(fact)):
            day, number = self._day_of(fact.at), order_number(fact.order_id)
            oldest = max(self._memory.oldest_day(day), day - self._most_days + 1)
            tallies.forget_orders(oldest, self._memory.most)
            if effect is OrderEffect.UNDONE:
                tallies.undo_order(number)
            elif isinstance(fact, OrderCompleted | OrderUpdated):
                count = tallies.place_order if effect is OrderEffect.ORDERED else tallies.restate_order
                count(number, day, _gives(self._orders, fact))

    def _count_return(self, returns: Returns, fact: OrderCompleted | OrderChange, effect: OrderEffect) -> None:
        day, number = self._day_of(fact.at), order_number(fact.order_id)
        since = day - self._return_days + 1
        returns.forget_orders(max(self._memory.oldest_day(day), since), self._memory.most)
        if effect is OrderEffect.ORDERED:
            returns.place(number, day, since)
        elif isinstance(fact, OrderRefunded):
            if fact.total != 0 or effect is OrderEffect.UNDONE:
                returns.give_back(number)
        elif effect is OrderEffect.UNDONE:
            returns.cancel(number)

    def _has_room(self, tallies: Tallies, fact: AnyFact) -> bool:
        if isinstance(fact, OrderCompleted | OrderUpdated):
            asked, number = self._tops_of_orders, order_number(fact.order_id)
        elif isinstance(fact, Browsed) and fact.event in _VIEWED:
            asked, number = self._tops_of_views, NO_ORDER
        else:
            return True
        if isinstance(fact, OrderUpdated) and number not in tallies.orders:
            return True
        day = self._day_of(fact.at)
        return all(tallies.has_room(of, gave.values, day, number) for of, gave in _gives(asked, fact))


def _gives(asked: Sequence[TallyOf], fact: AnyFact) -> Iterator[tuple[TallyOf, Gave]]:
    """Yield what a fact gives to each tally, if anything."""
    properties = fact.properties or {}
    for of in asked:
        said = properties.get(of.field)
        values = said if isinstance(said, tuple) else _one(said)
        if not values:
            continue
        if of.weight == REVENUE:
            amounts = _amounts(of.field, values, fact)
            weights = {value: amount for value, amount in zip(values, amounts, strict=False) if amount}
            whole = sum(amounts)
        else:
            weights, whole = dict.fromkeys(values, 1), 1
        if of.value:
            weights = {of.value: weights[of.value]} if of.value in weights else {}
        if whole:
            yield of, Gave(whole, weights)


def _amounts(field: str, values: tuple[str, ...], fact: AnyFact) -> Sequence[int]:
    """Return what each value of an order brought in; an order that has one value, and no priced lines, gives all."""
    stated = (fact.properties or {}).get(amounts_name(field))
    if isinstance(stated, tuple):
        return [int(it) for it in stated]
    return [fact.total] if len(values) == 1 and isinstance(fact, OrderCompleted | OrderUpdated) else ()


def _one(said: Trait | None) -> tuple[str, ...]:
    """Return a field that is no list as a list: a text, or a whole number as its digits."""
    if isinstance(said, str):
        return (said,) if said.strip() else ()
    return (str(said),) if isinstance(said, int) and not isinstance(said, bool) else ()
