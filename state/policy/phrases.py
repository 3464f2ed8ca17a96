"""Phrases: durations, places and limits of a policy in words, as its summary and its sentences have them."""

from state.conditions.one_line import on_one_line
from state.policy.recurrence import Recurrence
from state.policy.signal_shape import Within


def somewhere(recurrence: Recurrence) -> str:
    """Return where a signal recurs."""
    if recurrence.where == "step":
        return f"on the step {recurrence.step} of the ladder {recurrence.key}"
    return f"in the {recurrence.where} {recurrence.key}"


def span(within: Within) -> str:
    """Return within which time something must come."""
    units = ((value, key.removeprefix("within_")) for key, value in within.given)
    return " ".join(f"within {value:g} {unit.removesuffix('s') if value == 1 else unit}" for value, unit in units)


def leaving(leave: str) -> str:
    """Return the condition for leaving as it is written."""
    return on_one_line(leave) if leave.strip() else "that no longer holds"


def confirmed(hours: float) -> str:
    """Return for how long a condition for joining must hold; empty if it counts at once."""
    return f", for {hours:g} hour{'' if hours == 1 else 's'} without a break" if hours else ""


def stay(least_days: float) -> str:
    """Return the minimum stay; empty if there is none."""
    return f", but not in the first {days(least_days)}" if least_days else ""


def days(number: float) -> str:
    """Return so many days."""
    return f"{number:g} day{'' if number == 1 else 's'}"


def minutes(number: float) -> str:
    """Return so many minutes."""
    return f"{number:g} minute{'' if number == 1 else 's'}"
