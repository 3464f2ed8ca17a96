"""Existence: whether a customer existed at a fact's place in the order, as a request to republish needs.

Every other fact makes its customer exist.
"""

from collections.abc import Sequence

from schemas.events import AnyFact, RepublishRequested
from schemas.fact_order import in_order, place
from schemas.reject import RejectedError
from state.rules.retention import is_forgotten
from state.rules.rulebook import Rulebook
from state.timeline.timeline import Timeline, rebuild


def exists_before(timeline: Timeline, arrived: Sequence[AnyFact], request: RepublishRequested, rules: Rulebook) -> bool:
    """Tell whether a customer exists at a request, as far as is known; ``arrived`` is what the timeline lacks yet."""
    if rules.forgets or is_forgotten(timeline.head):
        earlier = in_order([it for it in (*timeline.tail.facts, *arrived) if place(it) < place(request)])
        if timeline.base is None and not any(map(makes_exist, earlier)):
            return False
        return not is_forgotten(rebuild(timeline, earlier, request.at, rules, [], (), []))
    if timeline.base is not None:
        return True
    return any(makes_exist(it) and place(it) < place(request) for it in (*timeline.tail.facts, *arrived))


def makes_exist(fact: AnyFact) -> bool:
    """Tell whether a customer exists from this fact on, if they did not before."""
    return type(fact) is not RepublishRequested


def unknown_customer() -> RejectedError:
    """Return the rejection of a request about a customer who does not exist."""
    told = "nothing happened to this customer before, so there is no membership to republish"
    return RejectedError("unknown_customer", f"{told}: send the userId of a customer that the worker has")
