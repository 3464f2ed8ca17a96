"""The history of steps: the values of a customer's stays on one step of a ladder, the present one included."""

from state.customer.customer import Customer


def step_entered_at(customer: Customer, ladder: str, step: str) -> int | None:
    """Return the instant at which a customer last came to a step, None if they never did."""
    on = customer.steps.get(ladder)
    if on is not None and on[0] == step:
        return on[1]
    past = customer.past_steps.get(f"{ladder}:{step}")
    return None if past is None else past.entered


def step_left_at(customer: Customer, ladder: str, step: str) -> int | None:
    """Return the instant at which a customer last left a step, None if they never did."""
    past = customer.past_steps.get(f"{ladder}:{step}")
    return None if past is None else past.left


def time_on_step(customer: Customer, ladder: str, step: str, at: int) -> int:
    """Return how long a customer has been on a step until ``at``, in ms; they have not moved until then."""
    on = customer.steps.get(ladder)
    past = customer.past_steps.get(f"{ladder}:{step}")
    present = at - on[1] if on is not None and on[0] == step else 0
    return present if past is None else present + past.total_ms


def times_on_step(customer: Customer, ladder: str, step: str) -> int:
    """Return the number of stays on a step."""
    on = customer.steps.get(ladder)
    past = customer.past_steps.get(f"{ladder}:{step}")
    return (on is not None and on[0] == step) + (0 if past is None else past.times)


def days_since_entered_step(customer: Customer, at: int, ladder: str, step: str, day_ms: int) -> float | None:
    """Return the days since a customer came to a step."""
    return None if (entered := step_entered_at(customer, ladder, step)) is None else (at - entered) / day_ms


def days_since_left_step(customer: Customer, at: int, ladder: str, step: str, day_ms: int) -> float | None:
    """Return the days since a customer left a step."""
    return None if (left := step_left_at(customer, ladder, step)) is None else (at - left) / day_ms


def total_days_on_step(customer: Customer, at: int, ladder: str, step: str, day_ms: int) -> float:
    """Return the days that all stays lasted together."""
    return time_on_step(customer, ladder, step, at) / day_ms


def times_entered_step(customer: Customer, ladder: str, step: str) -> int:
    """Return how often a customer came to a step."""
    return times_on_step(customer, ladder, step)
