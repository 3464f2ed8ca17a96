"""Existence: whether a customer existed at a fact's place in the order, as a request to republish needs.

Every other fact makes its customer exist.
"""

from collections.abc import Sequence

from schemas.events import AnyFact, RepublishRequested
from schemas.fact_order import place
from schemas.reject import RejectedError
from state.rules.retention import is_forgotten
from state.timeline.timeline import Timeline


def exists_before(timeline: Timeline, arrived: Sequence[AnyFact], request: RepublishRequested) -> bool:
    """Tell whether a customer exists at a request, as far as is known; ``arrived`` is what the timeline lacks yet."""
    head = timeline.head
    if is_forgotten(head) and request.at >= head.since:
        return any(makes_exist(it) and head.since <= it.at and place(it) < place(request) for it in arrived)
    if timeline.base is not None:
        return True
    return any(makes_exist(it) and place(it) < place(request) for it in (*timeline.tail, *arrived))


def makes_exist(fact: AnyFact) -> bool:
    """Tell whether a customer exists from this fact on, if they did not before."""
    return type(fact) is not RepublishRequested


def unknown_customer() -> RejectedError:
    """Return the rejection of a request about a customer who does not exist."""
    told = "nothing happened to this customer before, so there is no membership to republish"
    return RejectedError("unknown_customer", f"{told}: send the userId of a customer that the worker has")
