"""The recorder: what a simulated customer does, as events in Segment's envelope."""

from typing import Any, NamedTuple

import orjson

from schemas.instant import to_text
from streams.sources.source import SourceEvent, compact, topic_of

Content = dict[str, Any]


class _Drawn(NamedTuple):
    """An event of the customer, not numbered yet; ``others`` are further fields of its envelope."""

    at: int
    type: str
    name: str
    content: Content
    others: Content


class Recorder:
    """The events of one customer between ``start`` and ``end`` (ms since 1970), recorded in any order.

    What is recorded before ``start`` happens at ``start``; what is recorded after ``end`` is left out.
    """

    def __init__(self, user_id: str, start: int, end: int) -> None:
        self._user_id = user_id
        self._start = start
        self._end = end
        self._drawn: list[_Drawn] = []

    def track(self, at: int, name: str, properties: Content, context: Content | None = None) -> None:
        """Record an action."""
        self._add(at, "track", name, properties, {} if context is None else {"context": context})

    def page(self, at: int, properties: Content) -> None:
        """Record the view of a page."""
        self._add(at, "page", properties["title"], properties, {})

    def identify(self, at: int, traits: Content) -> None:
        """Record what is known of the customer."""
        self._add(at, "identify", "", traits, {})

    def group(self, at: int, group_id: str, traits: Content) -> None:
        """Record that the customer belongs to an account."""
        self._add(at, "group", "", traits, {"groupId": group_id})

    def events(self) -> list[SourceEvent]:
        """Return the events, sorted by instant."""
        drawn = sorted((it for it in self._drawn if it.at < self._end), key=lambda it: it.at)
        return [self._event(number, it) for number, it in enumerate(drawn, start=1)]

    def _add(self, at: int, type_: str, name: str, content: Content, others: Content) -> None:
        self._drawn.append(_Drawn(max(at, self._start), type_, name, content, others))

    def _event(self, number: int, drawn: _Drawn) -> SourceEvent:
        envelope: Content = {"type": drawn.type}
        if drawn.type == "track":
            envelope["event"] = drawn.name
        elif drawn.type == "page":
            envelope["name"] = drawn.name
        timestamp = to_text(drawn.at)
        envelope |= {"messageId": f"{self._user_id}-{number}", "userId": self._user_id, "timestamp": timestamp}
        envelope |= drawn.others
        field = "traits" if drawn.type in ("identify", "group") else "properties"
        envelope[field] = {**drawn.content, "simulated": True}
        topic = topic_of(drawn.type, drawn.name)
        return SourceEvent(drawn.at, topic, self._user_id.encode(), compact(orjson.dumps(envelope)))
