"""Bounds told: what is lost of a fact to the bounds of what is remembered, as people are told."""

from collections.abc import Callable, Collection, Mapping, Sequence

from schemas.event_properties import PROPERTIES_BOUND
from schemas.events import AnyFact, Browsed, OrderCompleted
from state.customer.bounds import bounds_met, is_full
from state.customer.counted_events import CountedEvents
from state.customer.customer import Customer
from state.customer.open_signals import OCCASIONS_BOUND
from state.customer.tallying import Tallying
from state.rules.forgetting import Forgetting
from state.rules.signals import SignalRules

UNKNOWN_ORDER = "unknown_order"
_NEVER_TOLD = frozenset((OrderCompleted, Browsed))
"""Nearly all facts are of these kinds, and meet no bound but by their traits and by numbers that are added up."""


class BoundsTold:
    """What a policy loses: traits beyond the bound but those ``named``, numbers, occasions, and orders never seen."""

    def __init__(
        self,
        named: Collection[str],
        counted: Mapping[str, Sequence[CountedEvents]],
        day_of: Callable[[int], int],
        forgetting: Forgetting,
        tallying: Tallying,
        signals: SignalRules | None,
    ) -> None:
        self._named = named
        self._counted = counted
        self._day_of = day_of
        self._forgetting = forgetting
        self._tallying = tallying
        self._signals = signals

    def of(self, customer: Customer, fact: AnyFact) -> Sequence[str]:
        """Return what is told of a fact that is about to be applied.

        That are the bounds by which something is lost, and ``UNKNOWN_ORDER`` if it is about an order never seen.
        """
        ended = bool(customer.signals) and self._signals is not None and self._signals.is_bound(customer, fact)
        if type(fact) in _NEVER_TOLD and fact.context_traits is None and fact.properties is None:
            return (OCCASIONS_BOUND,) if ended else ()
        met = (*bounds_met(customer, fact, self._named), *self._tallying.bounds_met(customer, fact))
        if fact.properties and is_full(customer, fact, self._counted, self._day_of(fact.at)):
            met = (*met, PROPERTIES_BOUND)
        met = (*met, OCCASIONS_BOUND) if ended else met
        return (*met, UNKNOWN_ORDER) if self._forgetting.was_never_seen(customer, fact) else met
