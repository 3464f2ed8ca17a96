"""The routes of the intake: the paths at which SDKs of Segment's spec leave their events."""

import time
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

import orjson
from aiohttp.web import Application, Request, Response

from streams.serve.access import Access
from streams.serve.background import run_with
from streams.serve.body import read_body
from streams.serve.clocks import Clock, wall_clock
from streams.serve.intake.arrival import Arrival
from streams.serve.intake.input_topics import InputTopics
from streams.serve.intake.metrics import IntakeMetrics
from streams.serve.intake.openapi import description
from streams.serve.intake.origins import Origins
from streams.serve.intake.requests import MAX_BYTES, read_sent
from streams.serve.intake.room import RETRY_SECONDS, Hold, Room
from streams.serve.intake.sent_events import KINDS, EventRecord, record_of
from streams.serve.problems import ProblemError
from streams.serve.surface import Description, Route
from streams.serve.worker_clocks import WorkerClocks

BATCHES = ("batch", "b")
IMPORT = "import"
_SHORT = {kind: kind[0] for kind in KINDS}
"""Of the paths of Segment's script for browsers."""
_HELD_BYTES = 64 * 1024 * 1024
_HELD_OF_UNKNOWN = 8 * 1024 * 1024
_UNKNOWN_BYTES = 500 * 1024
"""The most that is read of a body before it is known who sent it: Segment's largest batch."""
_TOLD = 10
_CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    413: "too_large",
    429: "rate_limited",
    503: "unavailable",
}


class Intake:
    """What takes events. ``is_replay``: ``clock`` is the stream's."""

    name = "intake"

    def __init__(
        self,
        topics: InputTopics,
        access: Access,
        origins: Sequence[str],
        metrics: IntakeMetrics,
        clock: Clock,
        clocks: WorkerClocks,
        *,
        is_replay: bool,
    ) -> None:
        self._clock = clock
        self._clocks = clocks
        self._is_replay = is_replay
        self._topics = topics
        self._access = access
        self._origins = Origins(origins)
        self._metrics = metrics
        self._room = Room(_HELD_BYTES, metrics.held)
        # Apart, so that those who may not send at all keep nobody out.
        self._room_of_unknown = Room(_HELD_OF_UNKNOWN, metrics.held)

    def routes(self) -> Sequence[Route]:
        """Return the routes, each with and without a slash at its end. Who may send is seen by the body, too."""
        paths: dict[str, str | None] = {path: kind for kind, short in _SHORT.items() for path in (kind, short)}
        paths |= dict.fromkeys((*BATCHES, IMPORT))
        routes = []
        for path, kind in paths.items():
            for whole in (f"/v1/{path}", f"/v1/{path}/"):
                handler = partial(self._answered, kind=kind, is_import=path == IMPORT)
                routes += [Route("POST", whole, handler, None), Route("OPTIONS", whole, self._preflight, None)]
        return routes

    def description(self) -> Description:
        """Return its part of the OpenAPI document."""
        return description()

    def attach(self, app: Application) -> None:
        """Keep the input topics open as long as the application runs."""
        run_with(app, self._topics.run)

    async def missing(self) -> str:
        """Return what it lacks, in words."""
        return await self._clocks.difference() or self._topics.lack

    async def _preflight(self, request: Request) -> Response:
        answer = self._origins.preflight(request)
        self._origins.show(request, answer)
        return answer

    async def _answered(self, request: Request, kind: str | None, *, is_import: bool) -> Response:
        try:
            room = self._room if self._access.is_told(request) else self._room_of_unknown
            with room.hold() as hold:
                records = await self._taken(request, kind, hold, is_import=is_import)
                answer = _answer(records)
        except ProblemError as problem:
            # SDKs read these two fields, and those in Python take an answer without them for a broken connection.
            answer = problem.response(code=_CODES.get(problem.status, "refused"), message=problem.detail)
        self._origins.show(request, answer)
        return answer

    async def _taken(self, request: Request, kind: str | None, hold: Hold, *, is_import: bool) -> Sequence[EventRecord]:
        """Return the records of a request when Kafka has them. Raises ``ProblemError``."""
        if difference := await self._clocks.difference():
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, difference, RETRY_SECONDS)
        now = await (wall_clock() if is_import else self._clock())
        self._origins.check(request)
        is_known = self._access.is_told(request)
        if is_known:
            self._access.check(request, "write")
        mend = "send fewer events at once"
        body = await read_body(request, MAX_BYTES if is_known else _UNKNOWN_BYTES, mend, hold.take)
        self._metrics.received(len(body))
        sent = read_sent(body, is_batch=kind is None)
        if not is_known:
            self._access.check(request, "write", sent.write_key)
        arrival = Arrival.of(now, sent.sent, is_import=is_import, is_replay=self._is_replay)
        records = [record_of(bytes(it), kind, arrival) for it in sent.events]
        if is_import:
            records.sort(key=_time)  # what is older than what was written before it would come late
        began = time.perf_counter()
        try:
            await self._topics.write(records)
        except ProblemError:
            self._metrics.unavailable(records)
            raise
        self._metrics.written(records, time.perf_counter() - began)
        return records


def _time(record: EventRecord) -> int:
    return record.time


def _answer(records: Sequence[EventRecord]) -> Response:
    told: dict[str, object] = {"success": True}
    unusable = [
        {"event": place, "reason": it.lack.reason, "detail": it.lack.detail}
        for place, it in enumerate(records)
        if it.lack is not None
    ]
    if unusable:
        told |= {"unusable": len(unusable), "why": unusable[:_TOLD]}
    return Response(body=orjson.dumps(told), content_type="application/json")
