"""Exclusion: customers that the policy leaves out of everything that is decided."""

from schemas.change import Cause
from state.conditions.condition import Condition
from state.customer.customer import EXCLUDED, Customer
from state.customer.open_signals import NO_SIGNALS
from state.customer.silence import NO_SILENCE
from state.rules.decision import ReasonedChange
from state.rules.groupings import Groupings

_NOBODY = "the policy excludes nobody"


class Exclusion:
    """The exclusion of customers by a condition on traits; None if everybody counts.

    What is counted of an excluded customer goes on, and nothing else does: whatever more is decided of customers ends
    in ``exclude``.
    """

    def __init__(self, excluded: Condition | None, groupings: Groupings) -> None:
        self._excluded = excluded
        self._groupings = groupings

    def holds(self, customer: Customer, at: int) -> bool:
        """Tell whether a customer does not count."""
        return self._excluded is not None and self._excluded.holds(customer, at)

    def exclude(self, customer: Customer, at: int, cause: Cause) -> tuple[str, list[ReasonedChange]]:
        """End all that is decided of a customer; return why, and the steps and segments that are left."""
        assert self._excluded is not None
        why = self._excluded.why(customer, at)
        customer.silence = NO_SILENCE
        customer.signals = NO_SIGNALS
        customer.rules_due = 0
        customer.loyal_since = customer.due = customer.expected = customer.expected_at = None
        return why, self._groupings.end(customer, at, cause, why)

    def why_included(self, customer: Customer, at: int) -> str:
        """Return why a customer who did not count does so again."""
        return _NOBODY if self._excluded is None else self._excluded.why(customer, at)


def is_excluded(customer: Customer) -> bool:
    """Tell whether a customer was decided not to count."""
    return customer.stage == EXCLUDED
