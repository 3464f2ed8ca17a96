"""What differs by kind of customer."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from state.conditions.condition import Condition
from state.customer.customer import Customer

T = TypeVar("T")


class ByKind(Generic[T]):
    """One value for each kind of customer: that of the first condition that holds, otherwise that of all others."""

    def __init__(self, kinds: Sequence[tuple[Condition, T]], others: T) -> None:
        self._kinds = tuple(kinds)
        self._others = others

    def of(self, customer: Customer, at: int) -> T:
        """Return the value for a customer."""
        for applies_to, value in self._kinds:
            if applies_to.holds(customer, at):
                return value
        return self._others
