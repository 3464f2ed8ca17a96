"""Recurring signals: their occasions, which follow from since when a customer has been where they are."""

from state.customer.customer import Customer
from state.policy.recurrence import Recurrence
from state.rules.time_passed import time_passed

_STAYED = {"segment": "days_in_segment", "step": "days_on_step", "stage": "days_in_stage"}


def since_of(recurrence: Recurrence, customer: Customer) -> int | None:
    """Return since when a customer has been where the signal recurs; None if they are not there."""
    match recurrence.where:
        case "segment":
            return customer.memberships.get(recurrence.key)
        case "step":
            step, since = customer.steps.get(recurrence.key, ("", 0))
            return since if step == recurrence.step else None
        case "stage":
            return customer.since if customer.stage == recurrence.key else None


def occurs(recurrence: Recurrence, customer: Customer, first: int, last: int) -> bool:
    """Tell whether an occasion lies from ``first`` to ``last``."""
    since = since_of(recurrence, customer)
    if since is None:
        return False
    times = (last - since) // recurrence.period.ms
    return times > 0 and since + times * recurrence.period.ms >= first


def next_occasion(recurrence: Recurrence, customer: Customer, at: int) -> int | None:
    """Return the first occasion after ``at`` if nothing changes."""
    since, period = since_of(recurrence, customer), recurrence.period.ms
    return None if since is None else since + ((at - since) // period + 1) * period


def why_recurring(recurrence: Recurrence, customer: Customer, at: int) -> str:
    """Return for how long a customer who is there has been there, and how many periods that is."""
    since = since_of(recurrence, customer)
    assert since is not None
    times = (at - since) // recurrence.period.ms
    return time_passed(_STAYED[recurrence.where], at - since, recurrence.period, "every_days", times)
