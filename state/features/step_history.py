"""The history of steps: the values of a customer's stays on one step of a ladder, the present one included."""

from state.customer.customer import Customer
from state.features.stays import on_step


def days_since_entered_step(customer: Customer, at: int, ladder: str, step: str, day_ms: int) -> float | None:
    """Return the days since a customer came to a step."""
    return None if (entered := on_step(customer, ladder, step).entered) is None else (at - entered) / day_ms


def days_since_left_step(customer: Customer, at: int, ladder: str, step: str, day_ms: int) -> float | None:
    """Return the days since a customer left a step."""
    return None if (left := on_step(customer, ladder, step).left) is None else (at - left) / day_ms


def total_days_on_step(customer: Customer, at: int, ladder: str, step: str, day_ms: int) -> float:
    """Return the days that all stays lasted together."""
    return on_step(customer, ladder, step).total_ms(at) / day_ms


def times_entered_step(customer: Customer, ladder: str, step: str) -> int:
    """Return how often a customer came to a step."""
    return on_step(customer, ladder, step).times
