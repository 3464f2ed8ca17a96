"""Exclusion: customers that the policy leaves out of everything that is decided."""

from collections.abc import Container

from schemas.change import Cause, Change
from state.conditions.condition import Condition
from state.customer.customer import EXCLUDED, Customer
from state.customer.open_signals import NO_SIGNALS
from state.customer.short_reason import shortened
from state.customer.silence import NO_SILENCE
from state.rules.decision import ReasonedChange
from state.rules.groupings import Groupings

_NOBODY = "the policy excludes nobody"


class Exclusion:
    """The exclusion of customers by a condition on traits; None if everybody counts.

    What is counted of an excluded customer goes on, and nothing else does: whatever more is decided of customers ends
    in ``exclude``. The past stays in the stages ``remembered`` are kept.
    """

    def __init__(self, excluded: Condition | None, groupings: Groupings, remembered: Container[str]) -> None:
        self._excluded = excluded
        self._groupings = groupings
        self._remembered = remembered

    def holds(self, customer: Customer, at: int) -> bool:
        """Tell whether a customer does not count."""
        return self._excluded is not None and self._excluded.holds(customer, at)

    def exclude(self, customer: Customer, at: int, cause: Cause) -> list[ReasonedChange]:
        """End all that is decided of a customer; return the changes of the stage, the steps and the segments."""
        assert self._excluded is not None
        why = self._excluded.why(customer, at)
        customer.silence = NO_SILENCE
        customer.signals = NO_SIGNALS
        customer.loyal_since = customer.due = customer.expected = customer.expected_at = None
        left = self._groupings.end(customer, at, cause, why)
        change = Change(at=at, key=None, name=EXCLUDED, from_=customer.stage, to=EXCLUDED, cause=cause)
        customer.enter_stage(EXCLUDED, at, self._remembered)
        customer.why = shortened(why)
        customer.cause = cause.message_id or cause.name
        return [ReasonedChange(change, why), *left]

    def why_included(self, customer: Customer, at: int) -> str:
        """Return why a customer who did not count does so again."""
        return _NOBODY if self._excluded is None else self._excluded.why(customer, at)


def is_excluded(customer: Customer) -> bool:
    """Tell whether a customer was decided not to count."""
    return customer.stage == EXCLUDED
