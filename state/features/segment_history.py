"""The history of segments: the values of a customer's stays in one segment, the present one included."""

from state.customer.customer import Customer
from state.features.stays import in_segment


def days_since_entered_segment(customer: Customer, at: int, segment: str, day_ms: int) -> float | None:
    """Return the days since a customer joined."""
    return None if (entered := in_segment(customer, segment).entered) is None else (at - entered) / day_ms


def days_since_left_segment(customer: Customer, at: int, segment: str, day_ms: int) -> float | None:
    """Return the days since a customer left."""
    return None if (left := in_segment(customer, segment).left) is None else (at - left) / day_ms


def total_days_in_segment(customer: Customer, at: int, segment: str, day_ms: int) -> float:
    """Return the days that all stays lasted together."""
    return in_segment(customer, segment).total_ms(at) / day_ms


def times_entered_segment(customer: Customer, segment: str) -> int:
    """Return how often a customer joined."""
    return in_segment(customer, segment).times
