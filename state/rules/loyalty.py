"""Loyalty: the membership rule that makes a customer with two or more occasions ``loyal`` instead of ``repeat``."""

from collections.abc import Container

from state.conditions.rule_set import RuleSet
from state.customer.customer import Customer
from state.rules.membership import MembershipRule

LOYAL = "loyal"
_MEMBER: Container[str] = frozenset((LOYAL,))
_NO_MEMBER: Container[str] = frozenset()


class Loyalty:
    """The loyalty of customers, which is decided in every stage, also where the stage does not show it."""

    def __init__(self, rule: MembershipRule) -> None:
        self._rule = rule
        self._conditions = RuleSet([(LOYAL, rule.enter, rule.leave)])

    def decide(self, customer: Customer, at: int) -> tuple[str, bool]:
        """Set ``loyal_since`` as it is from ``at`` on.

        Return why it changed, empty if it did not, and whether the customer leaves at the end of the minimum stay.
        """
        since = customer.loyal_since
        (holds,) = self._conditions.now(customer, at, _NO_MEMBER if since is None else _MEMBER)
        if not holds:
            return "", False
        if since is None:
            customer.loyal_since = at
            return self._rule.enter.why(customer, at), False
        if at < since + self._rule.stay.ms:
            return "", True
        customer.loyal_since = None
        return self._rule.why_left(customer, at, since), False

    def next_change(self, customer: Customer, at: int, waits: bool, until: int) -> int | None:
        """Return the first instant after ``at``, up to ``until``, at which loyalty changes by itself, or None.

        ``waits`` tells whether the customer leaves at the end of the minimum stay.
        """
        since = customer.loyal_since
        if not waits:
            (may_hold,) = self._conditions.later(customer, at, until, _NO_MEMBER if since is None else _MEMBER)
            if not may_hold:
                return None
        return self._rule.next_change(customer, at, since, waits, until)

    def can_change(self, customer: Customer) -> bool:
        """Tell whether loyalty can ever change by itself."""
        return self._rule.can_change(customer.loyal_since)
