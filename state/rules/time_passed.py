"""The time that had to pass before a change, as a part of its reason."""

from fractions import Fraction

from state.conditions.printed import Side, compared, written
from state.policy.duration import Duration


def time_passed(name: str, ms: int, least: Duration, key: str, times: int = 1) -> str:
    """Return that ``ms`` is at least so many times a duration, which the policy has under ``key``."""
    sides = Side(name, Fraction(ms) / least.unit_ms), Side("", Fraction(times * least.ms) / least.unit_ms)
    origin = f"{key} {written(least.number)}"
    return f"{compared(sides[0], '>=', sides[1])} ({origin if times == 1 else f'{times} x {origin}'})"
