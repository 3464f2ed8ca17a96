"""Starts: from where on a stream has its events, read from the request, and whether they are still there."""

from http import HTTPStatus
from typing import NamedTuple

from aiohttp.web import Request

from streams.serve.parameters import check_once, instant_of
from streams.serve.problems import ProblemError
from streams.serve.transitions.feed import Feed
from streams.serve.transitions.position import IdError, Position, covers

NOW, BEGINNING = "now", "beginning"
HEADER = "Last-Event-ID"
PARAMETER = "last_event_id"


class Start(NamedTuple):
    """Behind which event to begin, or, without an id, from when on: ``now``, ``beginning``, or an instant in ms."""

    last_id: str
    since: str | int


def read_start(request: Request) -> Start:
    """Return from where on a request asks. Raises ``ProblemError``."""
    # A browser that comes back sends the header, and the query with which it began.
    for name in (PARAMETER, "from"):
        check_once(name, request.query)
    last_id = request.headers.get(HEADER) or request.query.get(PARAMETER, "")
    since = request.query.get("from", NOW)
    if since in (NOW, BEGINNING):
        return Start(last_id, since)
    return Start(last_id, instant_of("from", since, f"; or send {NOW} or {BEGINNING}"))


async def position_of(start: Start, feed: Feed) -> Position:
    """Return where a stream begins. Raises ``ProblemError``: 410 for what is no longer there."""
    partitions = len(feed.ring.end)
    if start.last_id:
        return await _behind(start.last_id, feed)
    if start.since == NOW:
        return feed.ring.end
    if start.since == BEGINNING:
        return await feed.topic.begins(partitions)
    return await feed.topic.at(int(start.since), partitions)


async def _behind(last_id: str, feed: Feed) -> Position:
    ring = feed.ring
    try:
        position = feed.ids.position(last_id, len(ring.end))
    except IdError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{HEADER}: {error}") from None
    if not covers(ring.end, position) and not covers(await feed.topic.ends(len(position)), position):
        told = f"{HEADER}: it lies beyond the end of {feed.topic.name}, which was made anew: begin anew without it"
        raise ProblemError(HTTPStatus.GONE, told)
    if not ring.covers(position) and not covers(position, await feed.topic.begins(len(position))):
        told = f"{HEADER}: records behind it are gone from {feed.topic.name} by its retention"
        raise ProblemError(HTTPStatus.GONE, f"{told}: begin anew, with ?from=beginning for all that is there")
    return position
