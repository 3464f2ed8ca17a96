"""Questions about history: spans of dates and numbers, read from a query."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import NamedTuple

from multidict import MultiMapping

from state.calendar import LAST_DAY
from streams.serve.history.flows import REMEMBERED_DAYS
from streams.serve.history.transition_log import MAX_RECENT
from streams.serve.parameters import check_names, whole_number
from streams.serve.problems import ProblemError

_DAYS, _RECENT, _FLOW_DAYS = 90, 50, 7
_EPOCH = date(1970, 1, 1)


class Span(NamedTuple):
    """Days from the first to the last, both included, numbered from 1970-01-01 = 0."""

    first: int
    last: int


def date_text(day: int) -> str:
    """Return the date of a day."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def read_days(query: MultiMapping[str]) -> int:
    """Return how many days are asked for. Raises ``ProblemError``, as the others do."""
    check_names(query, ("days",))
    return whole_number("days", query.get("days", str(_DAYS)), 1, REMEMBERED_DAYS, f"send 1 to {REMEMBERED_DAYS}")


def read_limit(query: MultiMapping[str]) -> int:
    """Return how many transitions are asked for."""
    check_names(query, ("limit",))
    return whole_number("limit", query.get("limit", str(_RECENT)), 1, MAX_RECENT, f"send 1 to {MAX_RECENT}")


def read_span(query: MultiMapping[str], today: int, known_from: int) -> Span:
    """Return the span that is asked for, by default the last seven days, of which all flows must be known.

    ``known_from`` is the last day of which not all flows are known, -1 if there is none.
    """
    check_names(query, ("from", "to"))
    last = _day("to", query["to"]) if "to" in query else today
    first = _day("from", query["from"]) if "from" in query else max(last - _FLOW_DAYS + 1, min(last, known_from + 1))
    if first > last:
        told = f"from: {date_text(first)} comes after {date_text(last)}, to which it goes: change one of them"
        raise ProblemError(HTTPStatus.BAD_REQUEST, told)
    if first <= known_from:
        told = f"from: {date_text(first)} is too long ago: what happened is known from {date_text(known_from + 1)} on"
        raise ProblemError(HTTPStatus.BAD_REQUEST, told)
    return Span(first, last)


def _day(name: str, text: str) -> int:
    try:
        day = (date.fromisoformat(text) - _EPOCH).days
    except ValueError:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name}: {text!r} is no date: write it like 2026-12-31") from None
    if not 0 <= day <= LAST_DAY:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name}: {text!r} lies outside the years 1970 to 2199")
    return day
