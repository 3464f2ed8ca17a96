"""The routes of what lies ahead: who will change if nothing happens, and what would change a customer."""

from http import HTTPStatus

import orjson
from aiohttp.web import Application, Request, Response

from schemas import instant
from state.rules.retention import is_forgotten
from state.timeline.outlook import Outlooks
from streams.serve.background import run_with
from streams.serve.history.future import forecast, outlook_told
from streams.serve.history.openapi import description_of_ahead
from streams.serve.history.present import Present
from streams.serve.history.survey import Survey
from streams.serve.parameters import check_customer, check_names
from streams.serve.problems import ProblemError
from streams.serve.served_policies import ServedPolicies
from streams.serve.stored_customers import StoredCustomers
from streams.serve.surface import Description, Route
from streams.serve.timelines import timeline_of

AHEAD_DAYS = 400


class Ahead:
    """What lies ahead, from the stored customers and the rules."""

    name = "ahead"

    def __init__(self, policies: ServedPolicies, present: Present, stored: StoredCustomers, survey: Survey) -> None:
        self._policies = policies
        self._present = present
        self._stored = stored
        self._survey = survey
        self._outlooks: dict[bytes, Outlooks] = {}
        """By the fingerprint of the policy."""

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [
            Route("GET", "/v1/history/forecast", self._forecast, "read"),
            Route("GET", "/v1/history/outlook/{customer:(?s:.+)}", self._outlook, "read"),
        ]

    def attach(self, app: Application) -> None:
        """Survey the customers as long as the application runs."""
        run_with(app, self._survey.run)

    def description(self) -> Description:
        """Return its part of the OpenAPI document."""
        return description_of_ahead()

    async def missing(self) -> str:
        """Return why nothing can be told; empty if it can."""
        return await self._stored.missing()

    async def _forecast(self, request: Request) -> Response:
        check_names(request.query, ())
        found, at = self._survey.found, await self._present.at()
        return _json({"asOf": instant.to_text(at), **forecast(found, self._present.day(at))})

    async def _outlook(self, request: Request) -> Response:
        customer = request.match_info["customer"]
        check_customer(customer)
        check_names(request.query, ())
        stored = await self._stored.customer(customer)
        if stored is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "no customer has this id, or the worker has not written them yet")
        timeline, rules = await timeline_of(customer, stored.snapshot, self._policies)
        head = timeline.head
        at = self._present.of_customer(head.at, stored.upto)
        if rules.fingerprint not in self._outlooks:
            self._outlooks[rules.fingerprint] = Outlooks(rules, AHEAD_DAYS)
        outlook = self._outlooks[rules.fingerprint].of(head, at)
        if is_forgotten(head):
            raise ProblemError(HTTPStatus.NOT_FOUND, "the customer is forgotten by the policy's [retention]")
        return _json(outlook_told(customer, at, outlook))


def _json(value: object) -> Response:
    return Response(body=orjson.dumps(value), content_type="application/json")
