"""The history of segments: the values of a customer's stays in one segment, the present one included."""

from state.customer.customer import Customer


def segment_entered_at(customer: Customer, segment: str) -> int | None:
    """Return the instant at which a customer last joined a segment, None if they never did."""
    entered = customer.memberships.get(segment)
    past = customer.past_memberships.get(segment)
    return entered if entered is not None or past is None else past.entered


def segment_left_at(customer: Customer, segment: str) -> int | None:
    """Return the instant at which a customer last left a segment, None if they never did."""
    past = customer.past_memberships.get(segment)
    return None if past is None else past.left


def time_in_segment(customer: Customer, segment: str, at: int) -> int:
    """Return how long a customer has been in a segment until ``at``, in ms; they have not left or joined until then."""
    entered = customer.memberships.get(segment)
    past = customer.past_memberships.get(segment)
    return (0 if entered is None else at - entered) + (0 if past is None else past.total_ms)


def days_since_entered_segment(customer: Customer, at: int, segment: str, day_ms: int) -> float | None:
    """Return the days since a customer joined."""
    return None if (entered := segment_entered_at(customer, segment)) is None else (at - entered) / day_ms


def days_since_left_segment(customer: Customer, at: int, segment: str, day_ms: int) -> float | None:
    """Return the days since a customer left."""
    return None if (left := segment_left_at(customer, segment)) is None else (at - left) / day_ms


def total_days_in_segment(customer: Customer, at: int, segment: str, day_ms: int) -> float:
    """Return the days that all stays lasted together."""
    return time_in_segment(customer, segment, at) / day_ms


def times_entered_segment(customer: Customer, segment: str) -> int:
    """Return how often a customer joined."""
    return (segment in customer.memberships) + (
        0 if (past := customer.past_memberships.get(segment)) is None else past.times
    )
