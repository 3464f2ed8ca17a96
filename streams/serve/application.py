"""The application: what is the same for every request, that is who may ask, and what a failure looks like."""

import asyncio
import logging
import time
from collections.abc import Sequence
from http import HTTPStatus

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web import Request, Response, StreamResponse
from prometheus_client import CONTENT_TYPE_LATEST

from streams.serve.access import Access
from streams.serve.metrics import ServeMetrics
from streams.serve.openapi import document
from streams.serve.problems import ProblemError
from streams.serve.surface import Route, Surface
from streams.tokens import Scope

logger = logging.getLogger(__name__)

_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_RETRY_SECONDS = 1
_LOOK_SECONDS = 2.0
"""Shorter than probes wait, so that one surface that hangs is told as missing, and takes no other with it."""


def application(surfaces: Sequence[Surface], access: Access, metrics: ServeMetrics) -> web.Application:
    """Return the application; a route without a scope wants no token."""
    app = web.Application(middlewares=[_measured(metrics), _answered(access)])
    app.on_response_prepare.append(_add_headers)
    for surface in surfaces:
        surface.attach(app)
    for route in (*(it for surface in surfaces for it in surface.routes()), *_of_all(surfaces, metrics)):
        handler = route.handler if route.scope is None else _allowed(route.handler, access, route.scope)
        if route.method == "GET":
            app.router.add_get(route.path, handler)
        else:
            app.router.add_route(route.method, route.path, handler)
    return app


def _of_all(surfaces: Sequence[Surface], metrics: ServeMetrics) -> list[Route]:
    """Return what is answered whatever the server is for."""

    async def live(_request: Request) -> Response:
        return _json({"live": True})

    async def ready(_request: Request) -> Response:
        lacks = await asyncio.gather(*map(_missing, surfaces))
        missing = {surface.name: lack for surface, lack in zip(surfaces, lacks, strict=True) if lack}
        # One that lacks something must not take the others out of a load balancer.
        if len(missing) == len(surfaces):
            detail = "; ".join(missing.values())
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, _RETRY_SECONDS)
        return _json({"ready": True, "missing": missing})

    async def measurements(_request: Request) -> Response:
        return Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def openapi(_request: Request) -> Response:
        # Made anew: it names what the policy in force has.
        described = orjson.dumps(document([it.description() for it in surfaces]), option=orjson.OPT_INDENT_2)
        return Response(body=described, content_type="application/json")

    return [
        Route("GET", "/live", live, None),
        Route("GET", "/ready", ready, None),
        Route("GET", "/metrics", measurements, "read"),
        Route("GET", "/openapi.json", openapi, "read"),
    ]


def _measured(metrics: ServeMetrics) -> Middleware:
    @web.middleware
    async def measured(request: Request, handler: Handler) -> StreamResponse:
        began = time.perf_counter()
        answer = await handler(request)
        metrics.answered(request, answer.status, time.perf_counter() - began)
        return answer

    return measured


def _answered(access: Access) -> Middleware:
    @web.middleware
    async def answered(request: Request, handler: Handler) -> StreamResponse:
        try:
            return await handler(request)
        except ProblemError as problem:
            return problem.response()
        except web.HTTPException as error:  # an unknown path, or a wrong method
            if not access.knows(request):
                detail = "Authorization: send `Bearer TOKEN`"
                return ProblemError(HTTPStatus.UNAUTHORIZED, detail).response()
            answer = ProblemError(HTTPStatus(error.status), _told(error)).response()
            if "Allow" in error.headers:
                answer.headers["Allow"] = error.headers["Allow"]
            return answer
        except Exception:
            logger.exception("a request failed")  # the path would name a customer
            detail = "the server failed: its log says how"
            return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()

    return answered


def _allowed(handler: Handler, access: Access, scope: Scope) -> Handler:
    async def allowed(request: Request) -> StreamResponse:
        access.check(request, scope)
        return await handler(request)

    return allowed


async def _missing(surface: Surface) -> str:
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            return await surface.missing()
    except TimeoutError:
        return f"what it asks has not answered within {_LOOK_SECONDS:g} seconds"


async def _add_headers(_request: Request, answer: StreamResponse) -> None:
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)


def _json(value: object) -> Response:
    return Response(body=orjson.dumps(value), content_type="application/json")


def _told(error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPNotFound):
        return "there is nothing at this path: /openapi.json lists what there is"
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"this path does not take this method: it takes {error.headers['Allow']}"
    return error.reason
