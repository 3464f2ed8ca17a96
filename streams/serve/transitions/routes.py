"""The route of the push, and what runs behind it as long as the server does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus

from aiohttp.web import Application, Request, Response, StreamResponse
from prometheus_client import CollectorRegistry

from streams.serve.background import run_with
from streams.serve.problems import ProblemError
from streams.serve.redis_reader import RedisReader
from streams.serve.surface import Description, Route
from streams.serve.transitions.feed import Feed
from streams.serve.transitions.filters import Filter, Filters
from streams.serve.transitions.listing import Listing
from streams.serve.transitions.members import Members
from streams.serve.transitions.metrics import StreamMetrics
from streams.serve.transitions.open_streams import OpenStreams
from streams.serve.transitions.openapi import description
from streams.serve.transitions.position import Position
from streams.serve.transitions.reading import Reading
from streams.serve.transitions.start import PARAMETER, Start, position_of, read_start
from streams.serve.transitions.stream import HEADERS, Stream
from streams.serve.transitions.topic import Topic
from streams.settings import Settings

_READERS = 4
_LISTINGS = 2
_RETRY_SECONDS = 2
_WAKE_SECONDS = 1.0
_MEGABYTE = 1024 * 1024


class Transitions:
    """The transitions of an installation as streams of server-sent events."""

    name = "transitions"

    def __init__(
        self,
        settings: Settings,
        filters: Callable[[], Filters],
        reader: RedisReader | None,
        registry: CollectorRegistry,
    ) -> None:
        self._filters = filters
        self._members = None if reader is None else Members(reader)
        self._streams = OpenStreams(settings.serve.streams)
        self._topic = Topic(settings)
        self._feed = Feed(self._topic, settings.serve.recent_megabytes * _MEGABYTE, self._changed)
        self._metrics = StreamMetrics(registry)
        self._metrics.watch(self._streams.__len__, lambda: self._feed.lag)
        # Each with a reader of its own for what the ring no longer has; and each with a list of members in memory.
        self._readers, self._listings = asyncio.Semaphore(_READERS), asyncio.Semaphore(_LISTINGS)

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [Route("GET", "/v1/transitions", self._transitions, "stream")]

    def description(self) -> Description:
        """Return its part of the OpenAPI document."""
        return description(self._filters())

    async def missing(self) -> str:
        """Return why no stream can begin; empty if they can."""
        return self._feed.trouble

    def attach(self, app: Application) -> None:
        """Read the topic as long as the application runs, and end the streams before it does."""
        run_with(app, self._feed.run, self._streams.keep, self._wake)
        app.on_cleanup.append(self._close)
        app.on_shutdown.append(self._end)

    async def _close(self, _app: Application) -> None:
        await self._topic.close()

    async def _end(self, _app: Application) -> None:
        # The server waits for them before it ends.
        self._streams.close()

    def _changed(self, why: str) -> None:
        self._streams.end("gone", why)

    async def _wake(self) -> None:
        """Let streams without events look whether it is time to show that they live."""
        while True:
            await asyncio.sleep(_WAKE_SECONDS)
            if self._feed.ready:
                self._feed.ring.wake()

    async def _transitions(self, request: Request) -> StreamResponse:
        wanted, start = self._asked(request)
        self._check_feed()
        if request.method == "HEAD":
            return Response(headers=HEADERS)
        position = await position_of(start, self._feed)
        self._check_feed()  # the topic may have been made anew meanwhile
        stream = Stream(request, self._feed.ids, self._metrics)
        with self._streams.holding(stream):
            return await stream.run(lambda: self._content(stream, position, wanted, bool(start.last_id)))

    def _check_feed(self) -> None:
        if self._feed.trouble or not self._feed.ready:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, self._feed.trouble, _RETRY_SECONDS)

    async def _content(self, stream: Stream, position: Position, wanted: Filter, resumed: bool) -> None:
        async with AsyncExitStack() as stack:
            if self._members is not None and wanted.members and not resumed:
                async with self._place_to_list(stream):
                    reading = await Listing(stream, self._members, self._feed, wanted, self._readers).send(stack)
            else:
                reading = await stack.enter_async_context(Reading(self._feed, position, self._readers))
            await stream.follow(reading, wanted)

    @asynccontextmanager
    async def _place_to_list(self, stream: Stream) -> AsyncIterator[None]:
        while True:
            try:
                async with asyncio.timeout(_WAKE_SECONDS):
                    await self._listings.acquire()
                break
            except TimeoutError:
                await stream.beat()
        try:
            yield
        finally:
            self._listings.release()

    def _asked(self, request: Request) -> tuple[Filter, Start]:
        known = (*Filters.parameters, "from", PARAMETER)
        for name in request.query:
            if name not in known:
                told = f"{name}: there is no such parameter: there are {', '.join(known)}"
                raise ProblemError(HTTPStatus.BAD_REQUEST, told)
        wanted = self._filters().read(request.query)
        if wanted.members and "from" in request.query:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "from: members are those of now: leave one of the two out")
        if wanted.members and self._members is None:
            told = "members: this server has no Redis, which knows them: set LIFESTAGE_REDIS_URL"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, told)
        return wanted, read_start(request)
