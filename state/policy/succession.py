"""Succession: whether customers who were decided under one policy can go on under another."""

from collections.abc import Callable
from typing import NamedTuple

from state.policy.shape import Policy


class _Lasting(NamedTuple):
    """What stored customers depend on: its key in the policy's file, its value there, and what goes by it."""

    key: str
    of: Callable[[Policy], object]
    meaning: str


_LASTING = (
    _Lasting("subject", lambda it: it.subject, "who is stored is one of those"),
    _Lasting("zone in [time]", lambda it: it.time.zone, "what is stored is counted by the days of that zone"),
    _Lasting("day_seconds in [time]", lambda it: it.time.day_seconds, "what is stored is counted by such days"),
    _Lasting("currency in [money]", lambda it: it.money.currency, "all amounts are stored in that"),
    _Lasting("rating_scale in [intake]", lambda it: list(it.intake.rating_scale), "all ratings are stored on that"),
)


def why_not_after(before: Policy, after: Policy) -> str:
    """Return in a sentence why nobody can go from one policy to another, with the way out; empty if they can.

    These are the values by which what is stored would be read otherwise than it was meant.
    """
    for key, of, meaning in _LASTING:
        if of(before) != of(after):
            told = f"{key} is {of(after)!r} and was {of(before)!r}, and {meaning}"
            return f"{told}: leave it as it was, or decide everything again under another LIFESTAGE_APP_ID"
    if before.money.rates and not after.money.rates:
        return (
            "[money.rates] is empty, and was not: refunds without a currency of foreign orders would be read in "
            f"{after.money.currency}: keep one rate at least, or decide everything again under another LIFESTAGE_APP_ID"
        )
    return ""
