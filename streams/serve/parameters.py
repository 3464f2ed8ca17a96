"""Parameters: what the path and the query of a request may hold, and why it cannot be used."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from http import HTTPStatus

from multidict import MultiMapping

from schemas import instant
from schemas.coercion import MAX_TEXT
from streams.serve.problems import ProblemError

_PLUS_LOST = re.compile(r" \d\d:\d\d$")


def check_customer(customer: str) -> None:
    """Raise ``ProblemError`` for what is no id of a customer."""
    if not customer or len(customer) > MAX_TEXT:
        told = f"customer: the id has {len(customer)} letters: ids have 1 to {MAX_TEXT}"
        raise ProblemError(HTTPStatus.BAD_REQUEST, told)


def check_names(query: MultiMapping[str], known: tuple[str, ...]) -> None:
    """Raise ``ProblemError`` for a parameter that is not one of these, or is there more than once."""
    for name in query:
        if name not in known:
            told = f"{name}: there is no such parameter: there {_are(known)}"
            raise ProblemError(HTTPStatus.BAD_REQUEST, told)
        check_once(name, query)


def check_once(name: str, query: MultiMapping[str]) -> None:
    """Raise ``ProblemError`` for a parameter that is there more than once."""
    if len(query.getall(name, [])) > 1:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name}: it is there more than once: send it once")


def nearest(value: str, known: Sequence[str], otherwise: str) -> str:
    """Return the mend of a name that is not known: the nearest one, or else what ``otherwise`` says."""
    near = get_close_matches(value, known, 1)
    return f"the nearest is {near[0]!r}" if near else otherwise


def whole_number(name: str, text: str, least: int, most: int, mend: str) -> int:
    """Return the whole number of a text within these limits. Raises ``ProblemError`` with the mend."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else -1
    if not least <= number <= most:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name}: {text!r} cannot be used: {mend}")
    return number


def instant_of(name: str, text: str, otherwise: str = "") -> int:
    """Return the instant of a text (ms since 1970). Raises ``ProblemError``; ``otherwise``: what else may be sent."""
    if _PLUS_LOST.search(text):
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name}: {text!r} has a blank: write + as %2B in a query")
    try:
        at = instant.from_text(text)
    except (ValueError, OverflowError) as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name}: {error}{otherwise}") from None
    if not instant.EARLIEST <= at < instant.LATEST:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name}: {text!r} lies outside the years 1970 to 2199")
    return at


def _are(known: tuple[str, ...]) -> str:
    return f"are {' and '.join(known)}" if known else "are none"
