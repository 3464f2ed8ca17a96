"""Short reasons: the words that most reasons have, as one character each, since every customer is stored with one."""

import re

_WORDS = (
    "days_since_order ",
    "orders ",
    "occasions ",
    "loyal",
    "one_time_patience_days ",
    "one_time_churn_days ",
    "churn_multiple ",
    "multiple ",
    " x mean_gap_days ",
    "min_days ",
    "max_days ",
    "p_alive falls to ",
    "churn_limit ",
    "min_at_risk_days ",
    "shorten_to ",
    "last_rating ",
    " (bad_rating ",
    "days_since_rating ",
    " (rating_counts_days ",
    "oldest_ticket_days ",
    " (open_days ",
    "days_since_joining ",
    " (min_stay_days ",
    "revenue_365d ",
    "orders_365d ",
    " >= ",
)
"""Stored by their places. A new one goes to the end, before there are 30."""
_AS_IT_IS = "\x1f"
_SHORT = {word: chr(number) for number, word in enumerate(_WORDS, start=1)}
_FULL = {short: word for word, short in _SHORT.items()}
_ANY_WORD = re.compile("|".join(map(re.escape, _WORDS)))
_CONTROL = re.compile("[\x00-\x1f]")


def shortened(reason: str) -> str:
    """Return a reason in its short form."""
    if _CONTROL.search(reason):  # a text in the policy may have any character
        return _AS_IT_IS + reason
    return _ANY_WORD.sub(lambda match: _SHORT[match[0]], reason)


def in_full(short: str) -> str:
    """Return the reason of a short form."""
    if short.startswith(_AS_IT_IS):
        return short[1:]
    return _CONTROL.sub(lambda match: _FULL.get(match[0], match[0]), short)
