"""Questions: what a request asks, read from its query or its body, and why it cannot be answered."""

import re
from http import HTTPStatus
from typing import NamedTuple

import msgspec
from multidict import MultiMapping

from streams.serve.customers.look_up import Asked
from streams.serve.parameters import check_customer, check_names, instant_of, whole_number
from streams.serve.problems import ProblemError

MAX_CUSTOMERS = 500
MAX_MEMBERS = 1000
_MEMBERS = 100
_MAX_FEATURES = 100
_MAX_CURSOR = 2**64 - 1
_BETWEEN = re.compile(r""",(?=(?:[^"']|"[^"]*"|'[^']*')*$)(?![^()]*\))""")
"""The commas between names, and not those within a call such as ``count("Feature Used", 7)``."""


class Page(NamedTuple):
    """A page of members: where it begins (0: the first), and about how many it has."""

    cursor: int
    limit: int


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a question about several customers."""

    customers: list[str]
    features: list[str] | None = None
    at: str | None = None


_batch = msgspec.json.Decoder(Batch).decode


def read_asked(query: MultiMapping[str]) -> Asked:
    """Return what a query asks of one customer. Raises ``ProblemError``."""
    check_names(query, ("features", "at"))
    features = query.get("features")
    return _asked(None if features is None else _BETWEEN.split(features), query.get("at"))


def read_page(query: MultiMapping[str]) -> Page:
    """Return the page that a query asks for. Raises ``ProblemError``."""
    check_names(query, ("cursor", "limit"))
    cursor = whole_number(
        "cursor", query.get("cursor", "0"), 0, _MAX_CURSOR, "leave it out, or send that of the page before"
    )
    limit = whole_number("limit", query.get("limit", str(_MEMBERS)), 1, MAX_MEMBERS, f"send 1 to {MAX_MEMBERS}")
    return Page(cursor, limit)


def read_batch(body: bytes) -> tuple[list[str], Asked]:
    """Return the customers, each once, and what the body of a request asks of them. Raises ``ProblemError``."""
    try:
        batch = _batch(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        wanted = 'send {"customers": ["c1", "c2"]}, and "features" and "at" as you like'
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"body: {error}: {wanted}") from None
    if not 1 <= len(batch.customers) <= MAX_CUSTOMERS:
        told = f"customers: there are {len(batch.customers)}: send 1 to {MAX_CUSTOMERS} at once"
        raise ProblemError(HTTPStatus.BAD_REQUEST, told)
    for customer in batch.customers:
        check_customer(customer)
    return [*dict.fromkeys(batch.customers)], _asked(batch.features, batch.at)


def _asked(features: list[str] | None, at: str | None) -> Asked:
    names = None if features is None else tuple(dict.fromkeys(it.strip() for it in features if it.strip()))
    if names is not None and not 1 <= len(names) <= _MAX_FEATURES:
        told = f"features: there are {len(names)}: name 1 to {_MAX_FEATURES}, or leave it out for the whole profile"
        raise ProblemError(HTTPStatus.BAD_REQUEST, told)
    return Asked(None if at is None else instant_of("at", at), names)
