"""Events from a file or standard input, one JSON envelope a line, in any order, plain or gzip."""

import gzip
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from schemas.envelope import open_envelope
from schemas.event_types import BROWSING
from schemas.instant import from_datetime
from schemas.reject import RejectedError
from streams.sources.source import SourceError, SourceEvent, topic_of

_GZIP = b"\x1f\x8b"


def events(name: str) -> list[SourceEvent]:
    """All lines of a file (``-``: standard input), sorted by instant, lines of one instant in the file's order.

    A line that is no usable envelope is passed on as it is, at the instant of the line before it, so that it
    becomes a reject. The same goes for a line from the future: its record must not drag the clock with it.
    Raises ``SourceError`` when the file cannot be read.
    """
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = gzip.decompress(content) if content.startswith(_GZIP) else content
    except (OSError, EOFError) as error:
        raise SourceError(f"{name} cannot be read: {error}") from None
    return from_lines(text.split(b"\n"), now=from_datetime(datetime.now(UTC)))


def from_lines(lines: Iterable[bytes], now: int) -> list[SourceEvent]:
    """The events of these lines, in order of event time; empty lines are nothing, instants after ``now`` none."""
    found: list[SourceEvent] = []
    before_the_first: list[SourceEvent] = []
    last: int | None = None
    for line in lines:
        if not line.strip():
            continue
        instant, topic, key = _look(line)
        if instant is not None and instant <= now:
            last = instant
        event = SourceEvent(last or 0, topic, key, line)
        (before_the_first if last is None else found).append(event)
    start = found[0].instant if found else now
    placed = [event._replace(instant=start) for event in before_the_first]
    return sorted([*placed, *found], key=lambda event: event.instant)


def _look(line: bytes) -> tuple[int | None, str, bytes | None]:
    try:
        envelope = open_envelope(line)
    except RejectedError:
        return None, BROWSING, None
    key = envelope.user_id.encode() if envelope.user_id else None
    moment = envelope.timestamp
    instant = from_datetime(moment) if moment is not None and moment.tzinfo is not None else None
    return instant, topic_of(envelope.type, envelope.event or ""), key
