"""The routes of history: what the transitions topic and the sets in Redis say of the past."""

from http import HTTPStatus

import msgspec
import orjson
from aiohttp.web import Application, Request, Response

from schemas import instant
from streams.serve.background import run_with
from streams.serve.history.messages import Messages
from streams.serve.history.openapi import description
from streams.serve.history.past import Past
from streams.serve.history.present import Present
from streams.serve.history.questions import date_text, read_days, read_limit, read_span
from streams.serve.history.transition_log import TransitionLog
from streams.serve.history.unmade import Unmade
from streams.serve.parameters import check_customer, check_names
from streams.serve.problems import ProblemError
from streams.serve.stored_customers import StoredCustomers
from streams.serve.surface import Description, Route
from streams.serve.topic_follower import TopicFollower

MAX_MESSAGES = 500


class _Told(msgspec.Struct):
    seq: int


class _Message(msgspec.Struct):
    properties: _Told


_seq_of = msgspec.json.Decoder(_Message).decode


class History:
    """What happened, from the transitions topic, which ``follower`` reads into ``log``."""

    name = "history"

    def __init__(
        self,
        present: Present,
        follower: TopicFollower,
        log: TransitionLog,
        past: Past,
        messages: Messages,
        stored: StoredCustomers,
    ) -> None:
        self._present = present
        self._follower = follower
        self._log = log
        self._past = past
        self._messages = messages
        self._unmade = Unmade(log, messages)
        self._stored = stored

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [
            Route("GET", "/v1/history/stages", self._stages, "read"),
            Route("GET", "/v1/history/sets", self._sets, "read"),
            Route("GET", "/v1/history/flows", self._flows, "read"),
            Route("GET", "/v1/history/recent", self._recent, "read"),
            Route("GET", "/v1/history/customers/{customer:(?s:.+)}", self._customer, "read"),
        ]

    def attach(self, app: Application) -> None:
        """Follow the topic as long as the application runs."""
        run_with(app, self._follower.run, self._unmade.run)
        app.on_cleanup.append(self._close)

    def description(self) -> Description:
        """Return its part of the OpenAPI document."""
        return description()

    async def _close(self, _app: Application) -> None:
        await self._messages.close()

    async def missing(self) -> str:
        """Return why the past cannot be told; empty if it can."""
        return self._follower.missing()

    async def _stages(self, request: Request) -> Response:
        number = read_days(request.query)
        self._check()
        at = await self._present.at()
        days = self._past.days(number, self._present.day(at))
        stages = await self._past.stages_by_day(days)
        return _json({"asOf": instant.to_text(at), "dates": [*map(date_text, days)], "stages": stages})

    async def _sets(self, request: Request) -> Response:
        number = read_days(request.query)
        self._check()
        at = await self._present.at()
        days = self._past.days(number, self._present.day(at))
        sets = await self._past.sets_by_day(days)
        return _json({"asOf": instant.to_text(at), "dates": [*map(date_text, days)], **sets})

    async def _flows(self, request: Request) -> Response:
        self._check()
        at = await self._present.at()
        span = read_span(request.query, self._present.day(at), self._log.known_from)
        return _json({"asOf": instant.to_text(at), **self._past.flows(span)})

    async def _recent(self, request: Request) -> Response:
        limit = read_limit(request.query)
        self._check()
        return _json({"transitions": [*map(orjson.Fragment, self._log.recent(limit))]})

    async def _customer(self, request: Request) -> Response:
        customer = request.match_info["customer"]
        check_customer(customer)
        check_names(request.query, ())
        self._check()
        key = customer.encode()
        newest = [*self._log.places.of(key)]
        places = newest[:MAX_MESSAGES][::-1]
        found = await self._messages.at(places[0][0], [it for _, it in places]) if places else []
        values = [value for of, value in found if of == key]
        if not values and await self._stored.customer(customer) is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "no customer has this id, of whom anything is remembered")
        # Messages are numbered from 1: who has the first one has all of them.
        complete = _seq_of(values[0]).properties.seq == 1 if values else self._log.is_whole
        return _json({"userId": customer, "complete": complete, "transitions": [*map(orjson.Fragment, values)]})

    def _check(self) -> None:
        if self._log.is_by_another_calendar:
            self._follower.read_anew("the days are counted anew, in the time zone of the published policies")
        self._follower.check()


def _json(value: object) -> Response:
    return Response(body=orjson.dumps(value), content_type="application/json")
