"""The routes of the look-up. The first part of a path is the version of the contract."""

import asyncio
import time
from collections.abc import Callable
from hashlib import blake2b
from http import HTTPStatus

import orjson
from aiohttp.web import Application, Request, Response

from streams.serve.body import read_body
from streams.serve.customers.look_up import LookUp
from streams.serve.customers.member_sets import MemberSets
from streams.serve.customers.openapi import description
from streams.serve.customers.questions import read_asked, read_batch, read_page
from streams.serve.parameters import check_customer
from streams.serve.problems import ProblemError
from streams.serve.stored_customers import StoredCustomers
from streams.serve.surface import Description, Route
from streams.serve.tags import is_held

_BUSY_SECONDS, _REST_SECONDS = 0.005, 0.0001
"""A rest above 0 lets everybody else in, and not only what is ready already."""
_TAG_BYTES = 12
_MAX_BYTES = 256 * 1024
_AS_OF = b'"asOf":"'
_INSTANT_BYTES = len("2026-12-31T23:59:59.999Z")
_NOT_YET = "no event of theirs was processed, or the worker has not written them to Redis yet"


class Customers:
    """The look-up, from the mirror of the workers and the policies that they decide by."""

    name = "customers"

    def __init__(self, look_up: LookUp, sets: Callable[[], MemberSets], stored: StoredCustomers) -> None:
        self._look_up = look_up
        self._sets = sets
        self._stored = stored

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [
            Route("POST", "/v1/customers/batch", self._customers, "read"),
            Route("GET", "/v1/customers/{customer:(?s:.+)}", self._customer, "read"),
            Route("GET", "/v1/stages", self._stages, "read"),
            Route("GET", "/v1/stages/{stage}/members", self._in_stage, "read"),
            Route("GET", "/v1/segments", self._segments, "read"),
            Route("GET", "/v1/segments/{segment}/members", self._in_segment, "read"),
            Route("GET", "/v1/ladders/{ladder}/steps/{step}/members", self._on_step, "read"),
        ]

    def description(self) -> Description:
        """Return its part of the OpenAPI document."""
        return description(self._sets(), self._look_up.features)

    def attach(self, app: Application) -> None:
        """Need nothing: each answer is read when it is asked for."""

    async def missing(self) -> str:
        """Return why no customer can be looked up; empty if they can."""
        return await self._stored.missing()

    async def _customer(self, request: Request) -> Response:
        customer = request.match_info["customer"]
        check_customer(customer)
        asked = read_asked(request.query)
        self._look_up.check_features(asked.features or ())
        stored = await self._stored.customer(customer)
        if stored is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, f"no customer has this id: {_NOT_YET}")
        body = await self._look_up.told(customer, stored, asked)
        tag = _tag(body)
        if is_held(request, tag):
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
        return _json(body, {"ETag": tag})

    async def _customers(self, request: Request) -> Response:
        body = await read_body(request, _MAX_BYTES, "ask for fewer customers at once")
        customers, asked = read_batch(body)
        self._look_up.check_features(asked.features or ())
        told: dict[str, orjson.Fragment | None] = {}
        problems: dict[str, str] = {}
        began = time.monotonic()
        for customer, stored in zip(customers, await self._stored.customers(customers), strict=True):
            try:
                told[customer] = (
                    None if stored is None else orjson.Fragment(await self._look_up.told(customer, stored, asked))
                )
            except ProblemError as problem:  # of this customer: the others can be told
                problems[customer] = problem.detail
            if time.monotonic() - began > _BUSY_SECONDS:
                await asyncio.sleep(_REST_SECONDS)  # others wait for a few customers, and not for five hundred
                began = time.monotonic()
        return _json(orjson.dumps({"customers": told, "problems": problems}))

    async def _stages(self, request: Request) -> Response:
        sets = self._sets()
        stages = sets.stages
        sizes = await self._stored.sizes([sets.of_stage(it) for it in stages])
        return _json(orjson.dumps({"stages": [{"stage": it, "count": n} for it, n in zip(stages, sizes, strict=True)]}))

    async def _segments(self, request: Request) -> Response:
        sets = self._sets()
        keys = sets.segments
        sizes = await self._stored.sizes([sets.of_segment(it) for it in keys])
        return _json(orjson.dumps({"segments": [{"key": it, "count": n} for it, n in zip(keys, sizes, strict=True)]}))

    async def _in_stage(self, request: Request) -> Response:
        return await self._members(request, self._sets().of_stage(request.match_info["stage"]))

    async def _in_segment(self, request: Request) -> Response:
        return await self._members(request, self._sets().of_segment(request.match_info["segment"]))

    async def _on_step(self, request: Request) -> Response:
        step = self._sets().of_step(request.match_info["ladder"], request.match_info["step"])
        return await self._members(request, step)

    async def _members(self, request: Request, name: str) -> Response:
        page = read_page(request.query)
        size, following, members = await self._stored.members(name, page.cursor, page.limit)
        cursor = str(following) if following else None
        return _json(orjson.dumps({"count": size, "members": members, "cursor": cursor}))


def _json(body: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(body=body, headers=headers, content_type="application/json")


def _tag(body: bytes) -> str:
    """Return the weak tag of a body: it depends on all that is told but the instant of asking."""
    before, _, after = body.rpartition(_AS_OF)
    return f'W/"{blake2b(before + after[_INSTANT_BYTES:], digest_size=_TAG_BYTES).hexdigest()}"'
