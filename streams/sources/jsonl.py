"""The events of lines, one JSON envelope each, in any order, as they are sent into the input topics."""

from collections.abc import Iterable

from schemas.envelope import events_in, open_envelope
from schemas.event_types import BROWSING
from schemas.instant import from_datetime
from schemas.reject import RejectedError
from streams.sources.source import SourceEvent, topic_of

_Inspected = tuple[int | None, str, bytes | None]
"""The instant, topic and key of an event."""


def from_lines(lines: Iterable[bytes], now: int) -> list[SourceEvent]:
    """Return the events of these lines, sorted by instant, then in the order of the lines; empty ones are skipped.

    A line that is no valid envelope is passed on unchanged, at the instant of the line before it, so that the
    processor rejects it. So is a line from after ``now``: its record must not advance the time.
    """
    found: list[SourceEvent] = []
    undated: list[SourceEvent] = []
    last: int | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        for value, (instant, topic, key) in _inspected(line):
            if instant is not None and instant <= now:
                last = instant
            event = SourceEvent(last or 0, topic, key, value, number)
            (undated if last is None else found).append(event)
    start = found[0].instant if found else now
    dated = [event._replace(instant=start) for event in undated]
    return sorted([*dated, *found], key=lambda event: event.instant)


def _inspected(line: bytes) -> list[tuple[bytes, _Inspected]]:
    """Return what stands in a line: one event, or each of a list of events."""
    whole = _inspect(line)
    several = events_in(line) if whole[2] is None else []
    return [(it, _inspect(it)) for it in several] or [(line, whole)]


def _inspect(line: bytes) -> _Inspected:
    try:
        envelope = open_envelope(line)
    except RejectedError:
        return None, BROWSING, None
    return from_datetime(envelope.timestamp), topic_of(envelope.type, envelope.event or ""), envelope.user_id.encode()
