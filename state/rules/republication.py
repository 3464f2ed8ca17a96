"""Republication: the membership in a segment told again, since somebody asked for it; nothing is decided."""

from collections.abc import Iterable, Sequence

from schemas.change import Cause, Change
from schemas.events import RepublishRequested
from schemas.instant import to_text
from state.customer.customer import Customer
from state.policy.compiled import CompiledSegment
from state.rules.decision import ReasonedChange


class Republication:
    """The republication of memberships in the segments of a policy."""

    def __init__(self, segments: Iterable[CompiledSegment]) -> None:
        self._names = {it.key: it.name for it in segments}

    def of(self, customer: Customer, request: RepublishRequested) -> Sequence[ReasonedChange]:
        """Return what a request makes be told: of who is a member at its instant, one change from ``in`` to ``in``."""
        key = request.segment
        since = customer.memberships.get(key)
        if since is None:
            return ()
        cause = Cause("event", request.name, request.message_id)
        change = Change(at=request.at, key=key, name=self._names[key], from_="in", to="in", cause=cause)
        return (ReasonedChange(change, f"member_since {to_text(since)}"),)
