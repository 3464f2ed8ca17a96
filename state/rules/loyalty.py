"""Loyalty: the rule of membership that makes a customer of two orders loyal instead of repeat."""

from collections.abc import Container

from state.conditions.rule_set import RuleSet
from state.customer.customer import Customer
from state.rules.membership import Rule

LOYAL = "loyal"
_IN: Container[str] = frozenset((LOYAL,))
_OUT: Container[str] = frozenset()


class Loyalty:
    """Lets customers become loyal and cease to be, always, also while their stage is another."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._outlook = RuleSet([(LOYAL, rule.enter, rule.leave)])

    def decide(self, customer: Customer, at: int) -> tuple[str, bool]:
        """Let the customer change sides; returns why they did, and whether they will at the end of their stay."""
        since = customer.loyal_since
        (may_change,) = self._outlook.now(customer, at, _OUT if since is None else _IN)
        if not may_change:
            return "", False
        if since is None:
            customer.loyal_since = at
            return self._rule.enter.why(customer, at), False
        if at < since + self._rule.stay:
            return "", True
        customer.loyal_since = None
        return self._rule.leave.why(customer, at), False

    def next_change(self, customer: Customer, at: int, waits: bool, until: int) -> int | None:
        """The first instant after ``at``, up to ``until``, at which loyalty changes by itself; None for none."""
        since = customer.loyal_since
        if not waits:
            (hopes,) = self._outlook.later(customer, at, until, _OUT if since is None else _IN)
            if not hopes:
                return None
        return self._rule.next_change(customer, at, since, waits, until)

    def is_restless(self, customer: Customer) -> bool:
        """Whether it could change by itself, sooner or later."""
        return self._rule.is_restless(customer.loyal_since)
